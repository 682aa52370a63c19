"""Rewards, and what was paid, came back and was reversed, by month: a chart for each currency."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hireops.desk.charts import MONTHS, Bar, Chart, Span, list_of, months
from hireops.desk.figures import Counting, Figure, Series, counted
from hireops.desk.staff import Reader
from referrals.ledger.assets import asset_label, in_order, in_words
from referrals.ledger.charts import DAYS, REWARDS
from referrals.ledger.totals import totals
from referrals.models import Payment

MOST_CHARTS = 3
# By month, of each series in turn, by asset.
Sums = Sequence[Sequence[Mapping[str, Figure]]]
SEES = ("referrals.view_balancechange", "referrals.view_payment")


def _counting(standing: str, at: str) -> Counting:
    """Of payments of that standing, by the day of the column ``at``."""

    def counted_between(since: datetime, until: datetime) -> Mapping[str, Figure]:
        rows = Payment.objects.filter(
            Payment.standing_is(standing), **{f"{at}__gte": since, f"{at}__lt": until}
        )
        return {
            each.asset: Figure(each.count, each.sum) for each in totals(rows, asset="asset", amount="sum")
        }

    return counted_between


def _days_of_reversed(since: datetime) -> set[date]:
    """The days on which payments that were reversed since then had been recorded as made."""
    reversed_since = Payment.objects.filter(reversed_at__gte=since).values_list("recorded_at", flat=True)
    return {timezone.localdate(at) for at in reversed_since if at}


Standing = Payment.Standing
PAID = Series("payments paid", _counting(Standing.PAID, "recorded_at"), DAYS, changed=_days_of_reversed)
RETURNED = Series("payments returned", _counting(Standing.BOUNCED, "recorded_at"), DAYS)
REVERSED = Series("payments reversed", _counting(Standing.REVERSED, "reversed_at"), DAYS)


def money(reader: Reader) -> list[Chart]:
    """Of the assets of which most was done in these months; the others are named."""
    if not reader.has_perms(SEES):
        return []
    series = [counted(each) for each in (REWARDS, PAID, RETURNED, REVERSED)]
    times = [each.at for each in series if each.at]
    spans = months(MONTHS)
    sums = [[each.between(span.first, span.last) for each in series] for span in spans]
    assets = _busiest_first(sums)
    if not times or not assets:
        return []
    shown = in_order(assets[:MOST_CHARTS])
    notes = {shown[-1]: _others(assets)}
    return [_chart(asset, spans, sums, min(times), notes.get(asset, "")) for asset in shown]


def _busiest_first(sums: Sums) -> list[str]:
    """By number, since amounts of two currencies cannot be compared."""
    counts: Counter[str] = Counter()
    for of_a_month in sums:
        for found in of_a_month:
            counts.update({asset: figure.count for asset, figure in found.items()})
    return sorted(counts, key=lambda asset: (-counts[asset], asset))


def _others(assets: Sequence[str]) -> str:
    others = ", ".join(map(asset_label, assets[MOST_CHARTS:]))
    return _("There was less of: %(assets)s.") % {"assets": others} if others else ""


def _chart(asset: str, spans: Sequence[Span], sums: Sums, at: datetime, note: str) -> Chart:
    return Chart(
        _("%(asset)s per month") % {"asset": asset_label(asset)},
        [_("Rewards"), _("Paid"), _("Came back"), _("Reversed")],
        spans,
        [_bars(asset, span, of_a_month) for span, of_a_month in zip(spans, sums, strict=True)],
        at,
        note=note,
    )


def _bars(asset: str, span: Span, of_a_month: Sequence[Mapping[str, Figure]]) -> list[Bar]:
    figures = [found.get(asset, Figure()) for found in of_a_month]
    return [
        Bar(figure.sum, _in_words(asset, figure), address(asset, span) if figure.sum else "")
        for figure, address in zip(figures, _LISTS, strict=True)
    ]


def _in_words(asset: str, figure: Figure) -> str:
    text = ngettext("%(sum)s (%(count)d time)", "%(sum)s (%(count)d times)", figure.count)
    return text % {"sum": in_words(asset, figure.sum), "count": figure.count}


def _steps_up(asset: str, span: Span) -> str:
    return list_of("referrals_balancechange", "created_at", span, asset=asset, difference__gt="0")


def _payments(standing: str, at: str) -> Callable[[str, Span], str]:
    return lambda asset, span: list_of("referrals_payment", at, span, asset=asset, state__exact=standing)


_LISTS = (
    _steps_up,
    _payments(Standing.PAID, "recorded_at"),
    _payments(Standing.BOUNCED, "recorded_at"),
    _payments(Standing.REVERSED, "reversed_at"),
)
