"""What the database itself keeps from changing: why an order was promised for another day."""

from hireops.guards.rules import append_only

RULES = append_only("bindings_promisechange")
