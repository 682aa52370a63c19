"""What staff see of order forms. Registered in the order of the menu."""

from bindings.order_forms.admin import accounts, order_forms, pushes

__all__ = ["accounts", "order_forms", "pushes"]
