"""Who can approve or pay is looked at again whenever rights change on a road that Django tells of."""

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models.signals import m2m_changed, post_delete, post_save

from hireops.people import payout_rights
from hireops.people.acting import acting

RIGHTS_OF_A_USER = {"is_active", "is_superuser"}
CHANGED = {"post_add", "post_remove", "post_clear"}


def connect() -> None:
    for relation in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_relation_changed, sender=relation)
    post_save.connect(_user_saved)
    for model in (Group, Permission):
        post_delete.connect(_rights_deleted, sender=model)


def _relation_changed(action: str, **_others: Any) -> None:
    if action in CHANGED:
        payout_rights.settle(given_by=acting())


def _user_saved(instance: Any, created: bool, raw: bool, update_fields: Any, **_others: Any) -> None:  # noqa: FBT001 - a signal's
    if raw or not isinstance(instance, User):
        return
    may_matter = (
        instance.is_superuser if created else not update_fields or RIGHTS_OF_A_USER & {*update_fields}
    )
    if may_matter:
        payout_rights.settle(given_by=acting())


def _rights_deleted(**_others: Any) -> None:
    payout_rights.settle(given_by=acting())
