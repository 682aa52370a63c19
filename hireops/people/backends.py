"""Who may sign in, and what of their rights is in effect."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from hireops.people import payout_rights
from hireops.people.models import Staff


class StaffBackend(AuthenticationBackend):
    """As allauth's, but a right to approve or pay that is not in effect yet is none (``PayoutRight``)."""

    def get_user(self, user_id: Any) -> Staff | None:
        user = Staff.objects.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: AbstractBaseUser | AnonymousUser, obj: Any = None) -> set[str]:
        is_remembered = hasattr(user_obj, "_perm_cache")
        permissions: set[str] = super().get_all_permissions(user_obj, obj)
        if permissions and not is_remembered:
            permissions -= payout_rights.withheld(user_obj, permissions)  # type: ignore[arg-type]
        return permissions
