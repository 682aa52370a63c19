"""The pages of the form. Registered in the order of the menu."""

from bindings.fields.admin import fields, pushes

__all__ = ["fields", "pushes"]
