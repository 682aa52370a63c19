"""What the page of a person shows beside the fields: from when rights count, who changed what, sessions."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext

from hireops.database import clock
from hireops.people import payout_permissions, payout_rights, services
from hireops.people.models import OneTimePassword

CHANGES_SHOWN = 20
RECENT = timedelta(days=90)


def about_person(user: User, reader: User) -> dict[str, Any]:
    changes = user.credential_changes.select_related("by")
    return {
        "person": user,
        "why_not": why_not(user, reader),
        "is_oneself": user == reader,
        "may_set_password": user != reader and services.may_change_credentials(reader, user),
        "one_time_password": OneTimePassword.objects.filter(user=user).select_related("set_by").first(),
        "payout_rights": payout_rights_of(user),
        "credential_changes": changes.filter(at__gte=clock.now() - RECENT)[:CHANGES_SHOWN],
    }


def why_not(user: User, reader: User) -> str:
    if user == reader:
        return gettext("This is your own account: somebody else changes your roles.")
    return "" if services.may_change_credentials(reader, user) else services.only_a_superuser()


def payout_rights_of(user: User) -> list[dict[str, Any]]:
    """What this person can approve or pay, since when, by whom, and whether it counts already."""
    payout_rights.settle()
    now = clock.now()
    return [
        {
            "right": payout_permissions.label_of(row.permission),
            "row": row,
            "is_in_effect": row.in_effect_at <= now,
        }
        for row in payout_rights.open_rights(user)
    ]
