"""Tables of which a month is dropped whole, where deleting its rows would take as long as writing them did.

On PostgreSQL such a table is partitioned by its column ``month``: dropping a partition takes as long for a
row as for a hundred million. The role that hireops runs as owns no table, so functions of the database do it
with their owner's rights; ``CreateMonthlyModel`` makes both. SQLite has the table in one piece, and rows are
deleted in the order of their primary keys, which is that of their months.

Rows of the month ``KEPT`` outlive theirs.
"""

import logging
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.db import OperationalError, connection, models, transaction
from django.db.models import Func, Model

from hireops.database import clock

logger = logging.getLogger(__name__)

KEPT = 0
MADE_AHEAD = 3
PIECE = 500
MONTHS_OF_A_YEAR = 12
LOCK_NOT_AVAILABLE = "55P03"

PARTITIONS = """
    SELECT substr(relname, length(%(table)s) + 2)::integer
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = to_regclass(%(table)s)
    ORDER BY 1
"""


class ThisMonth(Func):
    """``202611``, in UTC, of the moment at which the statement began; so Django's ``Now`` counts, too."""

    output_field = models.IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(STRFTIME('%%%%Y%%%%m', 'NOW') AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "TO_CHAR(STATEMENT_TIMESTAMP() AT TIME ZONE 'UTC', 'YYYYMM')::INTEGER"
        return self.as_sql(compiler, connection, template=template, **context)


def month_of(moment: datetime) -> int:
    """``202611``, in UTC."""
    utc = moment.astimezone(UTC)
    return utc.year * 100 + utc.month


def begins(month: int) -> datetime:
    return datetime(month // 100, month % 100, 1, tzinfo=UTC)


def after(month: int, *, months: int = 1) -> int:
    years, number = divmod(month % 100 - 1 + months, MONTHS_OF_A_YEAR)
    return (month // 100 + years) * 100 + number + 1


def make_ahead(*tables: type[Model]) -> None:
    """Room for this month and the next ones, where a table is partitioned. What is there stays."""
    if connection.vendor == "postgresql":
        this = month_of(clock.now())
        wanted = {KEPT, *(after(this, months=number) for number in range(MADE_AHEAD + 1))}
        for model in tables:
            for month in sorted(wanted - set(partitions(model))):
                _call(model, "make_month", month)


def partitions(model: type[Model]) -> list[int]:
    """The months that there is room for on PostgreSQL, and ``KEPT``."""
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, {"table": _table(model)})
        return [month for (month,) in cursor.fetchall()]


def drop_before(model: type[Model], month: int, *, but: Collection[int] = ()) -> None:
    """All rows of earlier months, ``but`` of these, and of ``KEPT``.

    On PostgreSQL a month also stays that somebody is reading, or of which a row is needed by then, as
    ``CreateMonthlyModel`` has been told: the next night asks again.
    """
    if connection.vendor == "postgresql":
        for partition in partitions(model):
            if KEPT < partition < month and partition not in but:
                _drop(model, partition)
    else:
        _delete_before(model, month, but)


def _drop(model: type[Model], month: int) -> None:
    try:
        with transaction.atomic():
            _call(model, "drop_month", month)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        logger.warning("%s is in use, by a backup perhaps: %d is dropped another night", _table(model), month)


def _delete_before(model: type[Model], month: int, but: Collection[int]) -> None:
    last = 0
    rows = model._base_manager.order_by("pk")  # noqa: SLF001 - documented, in spite of its name
    while piece := list(rows.filter(pk__gt=last).values_list("pk", "month")[:PIECE]):
        with transaction.atomic():
            over = [pk for pk, its in piece if KEPT < its < month and its not in but]
            rows.filter(pk__in=over).delete()
        last, newest = piece[-1]
        if newest >= month:
            return


def _call(model: type[Model], function: str, month: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_table(model)}_{function}(%s)", [month])


def _table(model: type[Model]) -> str:
    return model._meta.db_table  # noqa: SLF001
