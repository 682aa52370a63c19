"""What the database itself keeps from changing: what was pushed to a customer's form."""

from hireops.guards.rules import append_only

RULES = append_only("bindings_customfieldpush", unique=["id", "call_id"])
