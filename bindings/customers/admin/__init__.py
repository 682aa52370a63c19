"""The pages of customers. Registered in the order of the menu."""

from bindings.customers.admin import customers, imports

__all__ = ["customers", "imports"]
