"""What the database itself keeps from changing: what was sent of order forms."""

from hireops.guards.rules import append_only

RULES = append_only("bindings_orderformpush", unique=["id", "deletion_id", "sending_id", "instead_of_id"])
