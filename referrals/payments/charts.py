"""Rewards, payouts and what came back, by month, on the home page: a chart for each currency."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hireops.desk.charts import MONTHS, Bar, Chart, Span, list_of, months
from hireops.desk.figures import Counted, Counting, Figure, Series, counted
from hireops.desk.staff import Reader
from referrals.ledger.assets import asset_label, in_order, in_words
from referrals.ledger.charts import DAYS, REWARDS
from referrals.ledger.totals import totals
from referrals.models import Payment

MOST_CHARTS = 3
SEES = ("referrals.view_balancechange", "referrals.view_payment")


def _counting(state: str) -> Counting:
    def recorded(since: datetime, until: datetime) -> Mapping[str, Figure]:
        rows = Payment.objects.filter(state=state, recorded_at__gte=since, recorded_at__lt=until)
        return {
            each.asset: Figure(each.count, each.sum) for each in totals(rows, asset="asset", amount="sum")
        }

    return recorded


PAID = Series("payments made", _counting(Payment.State.PAID), DAYS)
RETURNED = Series("payments that came back", _counting(Payment.State.BOUNCED), DAYS)


def money(reader: Reader) -> list[Chart]:
    """Of the assets of which most was done in these months; the others are named."""
    if not reader.has_perms(SEES):
        return []
    kept = [counted(series) for series in (REWARDS, PAID, RETURNED)]
    times = [each.at for each in kept if each.at]
    spans = months(MONTHS)
    assets = _busiest_first(kept, spans)
    if not times or not assets:
        return []
    shown = in_order(assets[:MOST_CHARTS])
    return [
        _chart(asset, kept, spans, min(times), _others(assets) if asset == shown[-1] else "")
        for asset in shown
    ]


def _busiest_first(kept: Sequence[Counted], spans: Sequence[Span]) -> list[str]:
    """By number, since amounts of two currencies cannot be compared."""
    counts: dict[str, int] = {}
    for each in kept:
        for asset, figure in each.between(spans[0].first, spans[-1].last).items():
            counts[asset] = counts.get(asset, 0) + figure.count
    return sorted(counts, key=lambda asset: (-counts[asset], asset))


def _others(assets: Sequence[str]) -> str:
    others = assets[MOST_CHARTS:]
    return (
        _("There was less of: %(assets)s.") % {"assets": ", ".join(map(asset_label, others))}
        if others
        else ""
    )


def _chart(asset: str, kept: Sequence[Counted], spans: Sequence[Span], at: datetime, note: str) -> Chart:
    return Chart(
        _("%(asset)s per month") % {"asset": asset_label(asset)},
        [_("Rewards"), _("Paid"), _("Came back")],
        spans,
        [[_bar(asset, place, each, span) for place, each in enumerate(kept)] for span in spans],
        at,
        note=note,
    )


def _bar(asset: str, place: int, kept: Counted, span: Span) -> Bar:
    figure = kept.between(span.first, span.last).get(asset, Figure())
    return Bar(figure.sum, _in_words(asset, figure), _LISTS[place](asset, span))


def _in_words(asset: str, figure: Figure) -> str:
    text = ngettext("%(sum)s (%(count)d time)", "%(sum)s (%(count)d times)", figure.count)
    return text % {"sum": in_words(asset, figure.sum), "count": figure.count}


def _steps_up(asset: str, span: Span) -> str:
    return list_of("referrals_balancechange", "created_at", span, asset=asset, difference__gt="0")


def _paid(asset: str, span: Span) -> str:
    return list_of("referrals_payment", "recorded_at", span, asset=asset, state__exact=Payment.State.PAID)


def _returned(asset: str, span: Span) -> str:
    return list_of("referrals_payment", "recorded_at", span, asset=asset, state__exact=Payment.State.BOUNCED)


_LISTS = (_steps_up, _paid, _returned)
