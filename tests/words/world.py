"""A database in which nothing that people or Feishu have written is in any language.

Names, reasons and notes of its rows become ``Ÿ12``, so that whatever words a page shows are its own. A column
that is not named here keeps its text: what hireops writes there has to come out in the reader's language.
A zero-width space stands in each, as a customer may write one: pages without it have the right length.
"""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

# What people, customers and Feishu write.
WRITTEN_BY_OTHERS: dict[str, set[str]] = {
    "auth.User": {"username"},
    "bindings.AdditionalItem": {"name"},
    "bindings.BackgroundCheck": {"candidate_name"},
    "bindings.BindingChange": {"reason"},
    "bindings.CheckPackage": {"name"},
    "bindings.CustomField": {"name_zh", "name_en", "description_zh"},
    "bindings.CustomFieldValue": {"value"},
    "bindings.EcoAccount": {"name"},
    "bindings.Exam": {"candidate_name"},
    "bindings.OrderForm": {"name"},
    "bindings.ReportLink": {"revoked_because"},
    "bindings.StageTemplate": {"name"},
    "bindings.WorkDay": {"name", "source"},
    "desk.AuditEntry": {"target_label", "reason"},
    "inbox.Replay": {"reason"},
    "referrals.Case": {"note"},
    "referrals.Ending": {"reason", "decision_reason"},
    "referrals.Payment": {"payee_name", "reason"},
    "referrals.PayoutBatch": {"note"},
    "referrals.ReferralAccount": {"name", "feishu_name"},
    "referrals.Registration": {"name"},
    "referrals.RegistrationImport": {"file_name"},
    "referrals.Reversal": {"reason"},
    "referrals.Withdrawal": {"request_reason", "decision_reason"},
}
# The same as JSON: its keys stay.
JSON_BY_OTHERS = {
    "bindings.CustomFieldPush": {"fields", "added", "changed", "removed"},
    "bindings.OfferedItem": {"content"},
    "desk.AuditEntry": {"details"},
    "inbox.EventContent": {"payload"},
}


def take_words_out() -> None:
    """Past the guards, which this database is without from then on."""
    _without_guards()
    numbers = count(1)
    with transaction.atomic():
        _rename_all(numbers)


def _rename_all(numbers: Iterator[int]) -> None:
    for label, names in WRITTEN_BY_OTHERS.items():
        _renamed(apps.get_model(label), sorted(names), lambda _value: f"Ÿ\u200b{next(numbers)}")
    for label, names in JSON_BY_OTHERS.items():
        for name in sorted(names):
            _renamed_within(apps.get_model(label)._meta, name, numbers)


def _without_guards() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}"')


def _renamed(model: type[models.Model], names: list[str], new: Any) -> None:
    for row in model._base_manager.all():
        for name in names:
            if value := getattr(row, name):
                setattr(row, name, new(value))
        model._base_manager.bulk_update([row], names)


def _renamed_within(model: Any, name: str, numbers: Iterator[int]) -> None:
    """As text: columns of JSON may be read as what can't be written again."""
    table, own = model.db_table, model.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {own}, "{name}" FROM "{table}" WHERE "{name}" IS NOT NULL')
        for key, text in cursor.fetchall():
            written = json.dumps(_without_words(json.loads(text), numbers), ensure_ascii=False)
            cursor.execute(f'UPDATE "{table}" SET "{name}" = %s WHERE {own} = %s', [written, key])


def _without_words(value: Any, numbers: Iterator[int]) -> Any:
    if isinstance(value, dict):
        return {key: _without_words(each, numbers) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_words(each, numbers) for each in value]
    is_word = isinstance(value, str) and (" " in value or not value.isascii())
    return f"Ÿ\u200b{next(numbers)}" if is_word else value
