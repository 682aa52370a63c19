"""What the database itself keeps from changing: who did what."""

from hireops.guards.rules import append_only

RULES = append_only("desk_auditentry")
