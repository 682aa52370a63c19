"""What staff see of the bindings. Registered in the order of the menu."""

from bindings.accounts import admin as accounts
from bindings.fields import admin as fields

__all__ = ["accounts", "fields"]
