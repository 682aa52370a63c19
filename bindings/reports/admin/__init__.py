"""The pages of report files and of the links to them."""

from bindings.reports.admin import files, links

__all__ = ["files", "links"]
