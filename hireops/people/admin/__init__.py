"""The pages of people, of roles and of sessions."""

from hireops.people.admin import roles, sessions, users

__all__ = ["roles", "sessions", "users"]
