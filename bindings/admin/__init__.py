"""What staff see of the bindings. Registered in the order of the menu."""

from bindings.admin import accounts, fields, pushes

__all__ = ["accounts", "fields", "pushes"]
