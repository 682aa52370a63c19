"""Rights in words of the reader's language: permissions, and what the audit tells of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop

from hireops.desk.display import labelled

RIGHTS = "rights"  # of the details of an audit entry: {"before": [...], "after": [...]}
SUPERUSER = gettext_noop("superuser: every right")
INACTIVE = gettext_noop("cannot sign in")


STOCK = {
    "view": gettext_noop("view"),
    "add": gettext_noop("add"),
    "change": gettext_noop("change"),
    "delete": gettext_noop("delete"),
}


def label_of(permission: Permission) -> str:
    return labelled(permission.content_type.name, word_of(permission))


def word_of(permission: Permission) -> str:
    """What may be done, without to what. The database has the names in English."""
    stock = _stock_of(permission)
    return gettext(STOCK[stock] if stock else permission.name)


def _stock_of(permission: Permission) -> str:
    """The name of one of Django's own four; "" for one of ours."""
    verb, _underscore, model = permission.codename.partition("_")
    return verb if verb in STOCK and model == permission.content_type.model else ""


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of object of one app, and what may be done with it: first to see it."""

    app: str
    name: str
    rights: Sequence[tuple[Permission, str]]


def by_noun(permissions: Iterable[Permission]) -> list[Noun]:
    """Permissions in words, for a table: the apps in the order of the menu, their nouns by name.

    ``content_type`` of each is read.
    """
    order = {config.label: -place for place, config in enumerate(apps.get_app_configs())}
    by_kind: dict[tuple[int, str, str], list[Permission]] = {}
    for permission in permissions:
        kind = permission.content_type
        by_kind.setdefault((order.get(kind.app_label, 1), kind.app_label, kind.name), []).append(permission)
    return [
        Noun(
            str(apps.get_app_config(label).verbose_name if label in order else label),
            str(capfirst(name)),
            [(each, word_of(each)) for each in sorted(found, key=_stock_first)],
        )
        for (_place, label, name), found in sorted(by_kind.items())
    ]


def _stock_first(permission: Permission) -> tuple[int, str]:
    stock = _stock_of(permission)
    return (list(STOCK).index(stock) if stock else len(STOCK), permission.codename)


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
