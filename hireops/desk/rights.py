"""Rights in words of the reader's language: permissions, and what the audit tells of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Permission
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

RIGHTS = "rights"  # of the details of an audit entry: {"before": [...], "after": [...]}
SUPERUSER = gettext_noop("superuser: every right")
INACTIVE = gettext_noop("cannot sign in")


def label_of(permission: Permission) -> str:
    """The database has the names in English."""
    kind = permission.content_type
    stock = {
        f"add_{kind.model}": gettext("add"),
        f"change_{kind.model}": gettext("change"),
        f"delete_{kind.model}": gettext("delete"),
        f"view_{kind.model}": gettext("view"),
    }
    return f"{kind}: {stock.get(permission.codename) or gettext(permission.name)}"


def name_of(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def in_words(rights: Iterable[str]) -> list[str]:
    """Of names of permissions such as ``referrals.approve_withdrawal``, of roles, and of the words above."""
    rights = list(rights)
    codenames = [right.partition(".")[2] for right in rights]
    found = Permission.objects.filter(codename__in=codenames).select_related("content_type")
    labels = {name_of(permission): label_of(permission) for permission in found}
    return [labels.get(right) or gettext(right) for right in rights]


def changes_in_words(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(word, rights) for what was given and taken, and all of before and after; empty for other entries."""
    change = details.get(RIGHTS)
    if not isinstance(change, Mapping):
        return []
    before, after = list(change.get("before", [])), list(change.get("after", []))
    told = {
        gettext("given"): [right for right in after if right not in before],
        gettext("taken away"): [right for right in before if right not in after],
        gettext("before"): before,
        gettext("after"): after,
    }
    return [(word, gettext(", ").join(in_words(rights)) or "–") for word, rights in told.items()]


def shown(details: Mapping[str, Any]) -> SafeString:
    lines = format_html_join("", "<dt>{}</dt><dd>{}</dd>", changes_in_words(details))
    return format_html('<dl class="rights">{}</dl>', lines) if lines else SafeString("")
