"""Adding up amounts of many rows, in the database and exact to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, DecimalField, ExpressionWrapper, F, QuerySet, Sum, Value
from django.db.models.functions import Cast, Round

from referrals.ledger.assets import in_order, in_words


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows of one asset there are, and their sum."""

    asset: str
    count: int
    sum: Decimal


def sum_in_cents(amount: str) -> Sum:
    """Of a column of amounts, as an integer: SQLite would add decimals as binary fractions."""
    cents = ExpressionWrapper(F(amount) * Value(100), DecimalField(max_digits=20, decimal_places=2))
    return Sum(Cast(Round(cents), BigIntegerField()))


def of_cents(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def totals(rows: QuerySet[Any], *, asset: str, amount: str) -> list[Total]:
    """Of ``rows``, by the names of two columns; points first."""
    grouped = rows.order_by().values_list(asset).annotate(count=Count("pk"), cents=sum_in_cents(amount))
    found = {name: Total(name, count, of_cents(cents)) for name, count, cents in grouped}
    return [found[name] for name in in_order(found)]


def totals_in_words(found: Sequence[Total]) -> list[str]:
    """``CNY 38,634.00``, one for each asset."""
    return [in_words(total.asset, total.sum) for total in found]
