"""The pages of people, of roles, of sessions and of lock-outs."""

from hireops.people.admin import lock_outs, roles, sessions, signing_in, users

__all__ = ["lock_outs", "roles", "sessions", "signing_in", "users"]
