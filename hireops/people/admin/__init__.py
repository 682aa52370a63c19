"""The pages of people, of roles, of invitations, of sessions and of lock-outs."""

from hireops.people.admin import lock_outs, roles, sessions, signing_in, users
from hireops.people.invitations import admin as invitations

__all__ = ["invitations", "lock_outs", "roles", "sessions", "signing_in", "users"]
