from bindings.offers.admin import catalogue  # noqa: I001 - in the order of the menu
from bindings.offers.admin import accounts, runs, sections

__all__ = ["accounts", "catalogue", "runs", "sections"]
