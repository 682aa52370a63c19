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
    return f"{kind.name}: {stock.get(permission.codename) or gettext(permission.name)}"


def name_of(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def in_words(rights: Iterable[str]) -> list[str]:
    """Of names of permissions such as ``referrals.approve_withdrawal``, of roles, and of the words above."""
    rights = list(rights)
    codenames = [right.partition(".")[2] for right in rights]
    found = Permission.objects.filter(codename__in=codenames).select_related("content_type")
    labels = {name_of(permission): label_of(permission) for permission in found}
    return [labels.get(right) or gettext(right) for right in rights]


def changed(details: Mapping[str, Any]) -> dict[str, list[str]]:
    """By a word the rights that were given, and taken away; empty for what is no change of rights."""
    change = details.get(RIGHTS, {})
    before, after = change.get("before", []), change.get("after", [])
    given = [right for right in after if right not in before]
    taken = [right for right in before if right not in after]
    return {
        word: found for word, found in ((gettext("given"), given), (gettext("taken away"), taken)) if found
    }


def before_and_after(details: Mapping[str, Any]) -> dict[str, list[str]]:
    change = details.get(RIGHTS)
    if not change:
        return {}
    return {gettext("before"): change.get("before", []), gettext("after"): change.get("after", [])}


def shown(told: Mapping[str, list[str]]) -> SafeString:
    """As ``changed`` and ``before_and_after`` give it."""
    if not told:
        return SafeString("")
    lines = ((word, gettext(", ").join(in_words(rights)) or "–") for word, rights in told.items())
    return format_html('<dl class="rights">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", lines))
