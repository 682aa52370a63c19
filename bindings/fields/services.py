"""Defining the fields of the form that customers fill in."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.fields import history
from bindings.models import CustomField
from hireops.desk import audit
from hireops.desk.errors import Refused

DEFINED = [
    "scope",
    "key",
    "name_zh",
    "name_en",
    "description_zh",
    "description_en",
    "is_required",
    "position",
    "retired",
]


def add_custom_field(*, field: CustomField, by: User) -> None:
    """Write a new definition. Raises ``Refused`` where Feishu could not follow it."""
    with transaction.atomic():
        lock_definitions()
        _refuse_problems(field)
        field.save(force_insert=True)
        changes = {name: [None, getattr(field, name)] for name in DEFINED}
        audit.record(by=by, action=gettext_noop("custom field added"), on=field, changes=changes)


def change_custom_field(*, field: CustomField, values: Mapping[str, object], by: User) -> None:
    """Change what ``values`` names, and nothing else: the rest stays as it is now, whoever wrote it.

    Raises ``Refused`` where Feishu could not follow, and if the definition is gone.
    """
    with transaction.atomic():
        now = _locked(field)
        changes = {name: [getattr(now, name), value] for name, value in values.items()}
        changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
        for name, (_before, after) in changes.items():
            setattr(now, name, after)
        _refuse_problems(now)
        now.save(update_fields=list(changes))
        audit.record(by=by, action=gettext_noop("custom field changed"), on=now, changes=changes)


def delete_custom_field(*, field: CustomField, by: User) -> None:
    """Remove a definition that Feishu never saw. Raises ``Refused`` for any other."""
    with transaction.atomic():
        now = _locked(field)
        if has_been_pushed(now):
            raise Refused(
                _(
                    "%(field)s has been pushed to Feishu and can't be deleted. Retire it instead: it leaves "
                    "the form at the next push."
                )
                % {"field": now}
            )
        audit.record(by=by, action=gettext_noop("custom field deleted"), on=now, scope=now.scope, key=now.key)
        now.delete()


def _refuse_problems(field: CustomField) -> None:
    if problems := field_problems(field):
        raise Refused(" ".join(problems.values()))


def lock_definitions() -> None:
    """Whoever holds these few rows decides alone what the forms will be, until the transaction ends."""
    list(CustomField.objects.select_for_update().order_by("pk").values_list("pk"))


def _locked(field: CustomField) -> CustomField:
    """The definition as it is now, which may not be what the person's page was made from."""
    lock_definitions()
    now = CustomField.objects.filter(pk=field.pk).first()
    if now is None:
        raise Refused(_("%(field)s has been deleted by somebody else meanwhile.") % {"field": field})
    return now


# --- What Feishu allows


def field_problems(field: CustomField) -> dict[str, str]:
    """Why the definition can't be saved, by the name of the form field that shows it. Empty if it can."""
    before = CustomField.objects.filter(pk=field.pk).first() if field.pk else None
    renamed = before is None or (before.scope, before.key) != (field.scope, field.key)
    if before and renamed and has_been_pushed(before):
        return {
            "key": _(
                "The key has been pushed to Feishu and can't be changed any more. Retire this "
                "field and add another one with the new key."
            )
        }
    if field.key in history.read(field.scope).burned:
        if renamed:
            return {"key": burned_key_reason(field.key)}
        if before and before.retired and not field.retired:
            return {"retired": burned_key_reason(field.key)}
    return {}


def burned_key_reason(key: str) -> str:
    return _(
        "The key %(key)s was on the customer's form and has been removed from it. Feishu may never accept "
        "a removed key again. Add a field with another key instead, such as %(key)s_2."
    ) % {"key": key}


def next_position(scope: int) -> int:
    last = CustomField.objects.filter(scope=scope).aggregate(last=Max("position"))["last"]
    return (last or 0) + 10


def has_been_pushed(field: CustomField) -> bool:
    """Whether Feishu knows the key or is about to: then it is fixed, and the field can only be retired."""
    return field.key in history.read(field.scope).pushed_keys
