"""Rewards, payouts and what came back, by month, on the home page: a chart for each currency."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hireops.desk.cards import list_url
from hireops.desk.charts import MONTHS, Bar, Chart, Span, list_of, months
from hireops.desk.figures import Counting, Figure, Series, counted
from hireops.desk.staff import Reader
from referrals.ledger.assets import asset_label, in_order, in_words
from referrals.ledger.charts import DAYS, REWARDS
from referrals.ledger.totals import totals
from referrals.models import Payment, Reversal

MOST_CHARTS = 3
CAME_BACK = "came_back"  # what the list of payments is narrowed by (admin/filters.py): a month
# By month, of each series in turn, by asset.
Sums = Sequence[Sequence[Mapping[str, Figure]]]
SEES = ("referrals.view_balancechange", "referrals.view_payment")


def _counting(state: str) -> Counting:
    def recorded(since: datetime, until: datetime) -> Mapping[str, Figure]:
        rows = Payment.objects.filter(state=state, recorded_at__gte=since, recorded_at__lt=until)
        return {
            each.asset: Figure(each.count, each.sum) for each in totals(rows, asset="asset", amount="sum")
        }

    return recorded


def _came_back(since: datetime, until: datetime) -> Mapping[str, Figure]:
    """By a result, or later by a reversal: what was paid on its day stays so in the chart."""
    found = dict(_counting(Payment.State.BOUNCED)(since, until))
    reversed_then = Reversal.objects.filter(
        state=Reversal.State.CONFIRMED, decided_at__gte=since, decided_at__lt=until
    )
    for each in totals(reversed_then, asset="payment__asset", amount="payment__sum"):
        found[each.asset] = found.get(each.asset, Figure()) + Figure(each.count, each.sum)
    return found


PAID = Series("payments made", _counting(Payment.State.PAID), DAYS)
RETURNED = Series("payments that came back", _came_back, DAYS)


def money(reader: Reader) -> list[Chart]:
    """Of the assets of which most was done in these months; the others are named."""
    if not reader.has_perms(SEES):
        return []
    series = [counted(each) for each in (REWARDS, PAID, RETURNED)]
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
        [_("Rewards"), _("Paid"), _("Came back")],
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


def _paid(asset: str, span: Span) -> str:
    return list_of("referrals_payment", "recorded_at", span, asset=asset, state__exact=Payment.State.PAID)


def _returned(asset: str, span: Span) -> str:
    return list_url("referrals_payment", urlencode({"asset": asset, CAME_BACK: f"{span.first:%Y-%m}"}))


_LISTS = (_steps_up, _paid, _returned)
