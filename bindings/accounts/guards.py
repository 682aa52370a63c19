"""What the database itself keeps from changing: which events have bound an account."""

from hireops.guards.rules import append_only

RULES = append_only("bindings_accountbinding", unique=["id", "event_id"])
