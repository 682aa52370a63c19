"""Statements that somebody types into the database, table by table, and which guards refuse them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from hireops.guards import rules
from hireops.guards.installed import dialect_of

ROWS_OF_EACH = 30
ANOTHER_NUMBER = 7654
# Heard only where another guard that comes first has been satisfied; the tests of their rooms do that.
SPEAK_LATER = {
    "withdrawal_is_sent_by_one_call",
    "change_is_of_its_own_withdrawal",
    "payment_pays_what_was_taken",
    "payment_pays_whose_it_is",
    "withdrawal_is_approved_by_another",
    "withdrawal_not_done_is_said_by_two",
    "withdrawal_not_done_turned_out_done",
    "ending_is_confirmed_by_another",
    "reversal_is_confirmed_by_another",
    "payment_second_names_the_first",
    "payment_comes_back_by_two_or_a_file",
    "call_that_is_never_sent_again_has_ended",
    "check_begins_as_received",
    "invitation_is_confirmed_once",
    "excess_is_acknowledged_by_another",
    "payment_of_excess_is_acknowledged",
    # Only while a restored database is not released (tests/referrals/test_restored.py).
    "the database was restored and is not released, so nothing is sent",
    "the database was restored and is not released, so nothing is paid out",
}
SQLITE, POSTGRESQL = connection.vendor == "sqlite", connection.vendor == "postgresql"
OTHER = {
    "BooleanField": True,
    "DateField": "2001-02-03",
    "DateTimeField": "2001-02-03 04:05:06",
    "DecimalField": "987654.32",
    "JSONField": '{"other": 1}',
    "BinaryField": b"other",
}
NUMBERS = ("BigAutoField", "ForeignKey", "OneToOneField", "BigIntegerField", "IntegerField")


def refusing() -> dict[str, str]:
    """What guards have answered to one of the statements at least, with that statement."""
    found: dict[str, str] = {}
    for table in rules.guarded_tables():
        unheard = answers_expected(table)
        for statement, values in _statements(table):
            said = _answer(statement, values)
            heard = {answer for answer in unheard if said.startswith(answer)}
            found |= dict.fromkeys(heard, f"{statement} {values}")
            unheard -= heard
            if not unheard:
                break
    return found


def silent() -> set[str]:
    """What guards should have answered to one of the statements, and none has."""
    expected = {answer for table in rules.guarded_tables() for answer in answers_expected(table)}
    return expected - set(refusing())


def answers_expected(table: str) -> set[str]:
    """All that can be heard when one statement is tried alone."""
    of_it = [each for each in rules.declared() if each.table == table]
    asked = [each for each in of_it if isinstance(each, rules.Rule) and not each.passed_over]
    told = [each for each in asked if dialect_of(connection).as_told(each)]
    return {each.answer for each in told} - SPEAK_LATER


def _answer(statement: str, values: list[Any]) -> str:
    """What the database says to it, empty if it lets it pass; either way nothing has happened."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return str(error)
    return ""


def _statements(table: str) -> Iterator[tuple[str, list[Any]]]:
    columns, keys, own = _columns(table), _keys(table), own_key(table)
    yield f"DELETE FROM {table}", []
    if POSTGRESQL:
        yield f"TRUNCATE {table} CASCADE", []
    for name, values in _other_values(table, columns):
        for value in values:
            for key in keys:
                yield f"UPDATE {table} SET {name} = %s WHERE {own} = %s", [value, key]
    for key in keys:
        if SQLITE:
            yield from _copies(table, columns, key, how="INSERT OR REPLACE")
        yield from _copies(table, [name for name in columns if name != own], key, how="INSERT")


def _copies(table: str, columns: list[str], key: Any, *, how: str) -> Iterator[tuple[str, list[Any]]]:
    """Of these columns of that row: alike, and with another value in one of them."""
    quoted, own = [f'"{name}"' for name in columns], own_key(table)
    for changed, values in [("", [None]), *_other_values(table, columns)]:
        copied = ", ".join("%s" if each == changed else each for each in quoted)
        statement = f"{how} INTO {table} ({', '.join(quoted)}) SELECT {copied} FROM {table} WHERE {own} = %s"
        yield statement, [*values[:1], key] if changed else [key]


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} LIMIT 0")
        return [column[0] for column in cursor.description]


def _keys(table: str) -> list[Any]:
    """Rows of every state."""
    with connection.cursor() as cursor:
        own = own_key(table)
        cursor.execute(f"SELECT {own} FROM {table} ORDER BY {own} LIMIT {ROWS_OF_EACH}")
        return [key for (key,) in cursor.fetchall()]


def own_key(table: str) -> str:
    """The column of its rows' own key; where there are two, the other is the month."""
    with connection.cursor() as cursor:
        own, *_month = connection.introspection.get_primary_key_columns(cursor, table) or []
        return str(own)


def changing_nothing(table: str) -> str:
    """A statement that writes, and what it writes is what is there."""
    key = own_key(table)
    return f"UPDATE {table} SET {key} = {key} WHERE {key} = -1"


def _other_values(table: str, columns: list[str]) -> Iterator[tuple[str, list[Any]]]:
    for field in _model(table)._meta.concrete_fields:
        if field.column in columns:
            yield f'"{field.column}"', _others(field)


def _model(table: str) -> type[Model]:
    (model,) = [
        model for model in apps.get_models() if model._meta.db_table == table and not model._meta.proxy
    ]
    return model


def _others(field: Any) -> list[Any]:
    kind = field.get_internal_type()
    if field.choices:
        return [value for value, _label in field.flatchoices]
    if kind.endswith("IntegerField") or kind in NUMBERS:
        return [ANOTHER_NUMBER]
    other = OTHER.get(kind, "other")
    if isinstance(other, bool):
        return [True, False]
    return [datetime.fromisoformat(str(other)) if kind == "DateTimeField" and POSTGRESQL else other]
