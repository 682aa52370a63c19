"""Keeping the catalogue: what staff do to a check package, an additional item or an exam paper."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.models import AdditionalItem, CheckPackage, ExamPaper, OfferedItem
from bindings.offers import outdating, stages
from bindings.offers.models import COLUMN, Item
from bindings.offers.wishes import accounts_offered
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused

# What staff write, of each kind.
WRITTEN: dict[type[Item], tuple[str, ...]] = {
    CheckPackage: ("code", "name", "description", "working_days"),
    AdditionalItem: ("code", "name", "description", "extra_working_days"),
    ExamPaper: (
        "code",
        "name",
        "description",
        "duration",
        "question_count",
        "start_time",
        "end_time",
        "working_days",
    ),
}


def add(item: Item, *, by: User) -> None:
    """Write something new. It is offered to nobody yet."""
    with transaction.atomic():
        item.save(force_insert=True)
        written = {name: [None, _as_json(getattr(item, name))] for name in WRITTEN[type(item)]}
        audit.record(by=by, action=gettext_noop("added to the catalogue"), on=item, changes=written)


def change(item: Item, *, values: Mapping[str, Any], by: User) -> int:
    """Change what ``values`` names; the rest stays as it is now, whoever wrote it.

    How many accounts are to offer something else from then on: none if Feishu never hears of it.
    Raises ``Refused`` for a code that Feishu may know.
    """
    with transaction.atomic():
        now = _locked(item)
        changed = {name: value for name, value in values.items() if getattr(now, name) != value}
        if "code" in changed and has_been_sent(now):
            raise Refused(code_is_fixed(now))
        if not changed:
            return 0
        before, planned = {name: getattr(now, name) for name in changed}, now.as_planned()
        for name, value in changed.items():
            setattr(now, name, value)
        now.updated_at = clock.now()
        now.save(update_fields=[*changed, "updated_at"])
        audit.record(
            by=by,
            action=gettext_noop("catalogue changed"),
            on=now,
            changes={name: [_as_json(before[name]), _as_json(value)] for name, value in changed.items()},
        )
        if now.as_planned() == planned or now.archived:
            return 0
        concerned = accounts_offered(now)
        outdating.concern(concerned, by=by)
        return concerned.count()


def archive(item: Item, *, by: User, reason: str = "") -> None:
    """No account is to offer it any more. Whom it was offered to stays, for when it comes back."""
    _set_archived(item, archived=True, by=by, reason=reason)


def restore(item: Item, *, by: User, reason: str = "") -> None:
    """It is to be offered again to those that it was offered to."""
    _set_archived(item, archived=False, by=by, reason=reason)


def _set_archived(item: Item, *, archived: bool, by: User, reason: str) -> None:
    with transaction.atomic():
        now = _locked(item)
        if now.archived == archived:
            raise Refused(
                _("%(item)s is archived already.") % {"item": now}
                if archived
                else _("%(item)s is not archived.") % {"item": now}
            )
        now.archived, now.updated_at = archived, clock.now()
        now.save(update_fields=["archived", "updated_at"])
        action = gettext_noop("archived") if archived else gettext_noop("taken back from the archive")
        audit.record(by=by, action=action, on=now, reason=reason)
        outdating.concern(accounts_offered(now), by=by)


def copy(item: Item, *, code: str, name: str, by: User) -> Item:
    """A new one with the same texts, times and stages under another code, offered to nobody."""
    with transaction.atomic():
        original = _locked(item)
        same = {name: getattr(original, name) for name in WRITTEN[type(original)]}
        made = type(original)(**same | {"code": code, "name": name})
        add(made, by=by)
        if isinstance(original, CheckPackage) and isinstance(made, CheckPackage):
            made.additional_items.set(original.additional_items.all())
            stages.copy(original, made)
        return made


def _locked(item: Item) -> Item:
    return type(item)._default_manager.select_for_update().get(pk=item.pk)  # noqa: SLF001  public API


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


# --- What Feishu knows


def has_been_sent(item: Item) -> bool:
    """Whether Feishu knows its code, may know it, or is about to: then it is fixed."""
    return OfferedItem.objects.filter(kind=COLUMN[type(item)], code=item.code).exists()


def code_is_fixed(item: Item) -> str:
    return _(
        "The code %(code)s is known to Feishu, and orders name it, so it can't be changed. Copy it under "
        "another code instead, and archive this one."
    ) % {"code": item.code}
