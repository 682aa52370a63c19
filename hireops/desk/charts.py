"""Charts for the home page: bars over time, as SVG that the server draws.

No script, no inline style, no foreign host: colours, patterns and the dark scheme are classes in
``desk/home.css``. Every bar is a link to what it counts, and all of them stand in a table below.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count, Model
from django.utils.translation import gettext as _

from hireops.desk import figures
from hireops.desk.cards import Text, list_url
from hireops.desk.figures import Counted, Counting, Figure, Series
from hireops.desk.ownership import Seen
from hireops.desk.ranges import FROM, TO
from hireops.desk.staff import Reader

DAY = timedelta(days=1)
MONTHS = 12

# In units of the picture, which is as wide as its place on the page.
WIDTH, HEIGHT = 420, 190
LEFT, TOP, RIGHT, BOTTOM = 76, 10, 414, 164
SMALLEST = 2  # what is not nothing is seen
LABEL_WIDTH = 34
LINES = 2  # above the one of 0
ROUND = (1, 2, 4, 5, 10)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``first`` to ``last``; ``label`` is short, ``words`` name them in full."""

    first: date
    last: date
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """``text`` is its value as people write it, ``url`` the list of what it counts."""

    value: Decimal | int
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Chart:
    """For each of ``spans`` one bar of each of ``names``, in their order.

    With ``is_part`` each bar is a part of the one before it and stands within it. ``note`` is a sentence.
    """

    title: Text
    names: Sequence[Text]
    spans: Sequence[Span]
    bars: Sequence[Sequence[Bar]]
    counted_at: datetime
    is_part: bool = False
    note: Text = ""

    @property
    def period(self) -> str:
        return _("%(first)s to %(last)s") % {"first": self.spans[0].first, "last": self.spans[-1].last}

    @property
    def rows(self) -> Iterator[tuple[Span, Sequence[Bar]]]:
        """Of the table, the newest first."""
        return zip(reversed(self.spans), reversed(self.bars), strict=True)

    @property
    def legend(self) -> list[tuple[int, Text]]:
        return list(enumerate(self.names, start=1))

    def draw(self) -> "Drawing":
        return _drawn(self)


ChartFunction = Callable[[Reader], Iterable[Chart]]

_chart_functions: list[ChartFunction] = []


def register(function: ChartFunction) -> ChartFunction:
    """Show the charts that ``function(reader)`` gives; none where they do not concern that reader.

    It reads kept figures (``hireops.desk.figures``) and counts nothing.
    """
    _chart_functions.append(function)
    return function


def charts_for(reader: Reader) -> list[Chart]:
    return [chart for function in _chart_functions for chart in function(reader)]


# --- Time


def days(number: int) -> list[Span]:
    """The last days, today among them, the oldest first."""
    today = figures.today()
    found = (today - back * DAY for back in range(number - 1, -1, -1))
    return [Span(day, day, f"{day:%m-%d}", str(day)) for day in found]


def weeks(number: int) -> list[Span]:
    """From Monday to Sunday; the last one is this week."""
    monday = figures.today() - figures.today().weekday() * DAY
    found = (monday - back * 7 * DAY for back in range(number - 1, -1, -1))
    return [Span(day, day + 6 * DAY, f"{day:%m-%d}", _words(day, day + 6 * DAY)) for day in found]


def months(number: int = MONTHS) -> list[Span]:
    """The last one is this month."""
    last = figures.today().replace(day=1)
    firsts = [last]
    while len(firsts) < number:
        firsts.insert(0, (firsts[0] - DAY).replace(day=1))
    ends = [*(first - DAY for first in firsts[1:]), (last + 31 * DAY).replace(day=1) - DAY]
    return [Span(a, b, f"{a:%m}", f"{a:%Y-%m}") for a, b in zip(firsts, ends, strict=True)]


def _words(first: date, last: date) -> str:
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def list_of(model: str, column: str, span: Span, **narrowed: str) -> str:
    """The admin's list of ``model`` with what has a time of those days in ``column``."""
    days = {f"{column}{FROM}": span.first, f"{column}{TO}": span.last}
    return list_url(model, urlencode({**narrowed, **days}))


# --- What is somebody's


def by_kind(model: type[Model], time: str, kind: str) -> Counting:
    """For a ``Series``: how many rows have their ``time`` on a day, by what is in the column ``kind``."""

    def count(since: datetime, until: datetime) -> Mapping[str, Figure]:
        rows = model._default_manager.filter(**{f"{time}__gte": since, f"{time}__lt": until})  # noqa: SLF001
        return {
            name: Figure(number) for name, number in rows.order_by().values_list(kind).annotate(Count("pk"))
        }

    return count


@dataclass(frozen=True, slots=True)
class DaysOfKinds:
    """A chart, to be registered: how many there were each day of the kinds that somebody sees.

    ``series`` is counted ``by_kind``. ``url(span, kind)`` leads to their list; ``kind`` is empty where they
    are of several, or of all. There is no chart where there were none at all.
    """

    series: Series
    title: Text
    name: Text
    permission: str
    seen_by: Callable[[Reader], Seen]
    url: Callable[[Span, str], str]

    def __call__(self, reader: Reader) -> list[Chart]:
        kept = figures.counted(self.series)
        if kept.at is None or not reader.has_perm(self.permission):
            return []
        spans = days(self.series.days)
        bars = self._bars(kept, spans, self.seen_by(reader))
        return [Chart(self.title, [self.name], spans, bars, kept.at)] if bars else []

    def _bars(self, kept: Counted, spans: Sequence[Span], seen: Seen) -> list[list[Bar]]:
        found = [kept.between(span.first, span.last) for span in spans]
        mine = [{kind: figure.count for kind, figure in each.items() if kind in seen} for each in found]
        kinds = {kind for each in mine for kind in each}
        if not kinds:
            return []
        only = "" if seen.is_all or len(kinds) > 1 else kinds.pop()
        counts = [sum(each.values()) for each in mine]
        return [
            [Bar(count, f"{count:,}", self.url(span, only))]
            for span, count in zip(spans, counts, strict=True)
        ]


# --- Drawing


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar as it is drawn. A low one can be pointed at also above it, unless another bar is there."""

    x: int
    y: int
    width: int
    height: int
    kind: int
    url: str
    words: str
    is_pointed_at_above: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """``lines`` and ``labels`` are places with what is written there: heights, and places along the axis."""

    marks: Sequence[Mark]
    lines: Sequence[tuple[int, str]]
    labels: Sequence[tuple[int, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM

    @property
    def plot_height(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where on the axis a span has its bars."""

    span: Span
    bars: Sequence[Bar]
    start: int
    end: int


def _drawn(chart: Chart) -> Drawing:
    top = _above(max((bar.value for row in chart.bars for bar in row), default=0))
    wide = (RIGHT - LEFT) / len(chart.spans)
    places = [LEFT + round(wide * number) for number in range(len(chart.spans) + 1)]
    slots = map(_Slot, chart.spans, chart.bars, places[:-1], places[1:])
    return Drawing(
        [mark for slot in slots for mark in _marks(chart, slot, top)],
        [(_height_of(top * step / LINES, top), f"{top * step // LINES:,}") for step in range(LINES + 1)],
        _labels(chart.spans, places),
    )


def _marks(chart: Chart, slot: _Slot, top: int) -> Iterator[Mark]:
    gap = max(1, (slot.end - slot.start) // 8)
    width = max(1, (slot.end - slot.start - 2 * gap) // (1 if chart.is_part else len(slot.bars)))
    for place, (name, bar) in enumerate(zip(chart.names, slot.bars, strict=True)):
        if not bar.value:
            continue
        y = min(_height_of(bar.value, top), BOTTOM - SMALLEST)
        x = slot.start + gap + (0 if chart.is_part else place * width)
        said = {"period": slot.span.words, "name": name, "value": bar.text}
        words = _("%(period)s, %(name)s: %(value)s") % said
        is_within = chart.is_part and place > 0
        yield Mark(x, y, width, BOTTOM - y, place + 1, bar.url, words, is_pointed_at_above=not is_within)


def _height_of(value: Decimal | float, top: int) -> int:
    return BOTTOM - round(float(value) / top * (BOTTOM - TOP))


def _above(value: Decimal | int) -> int:
    """A round number that is not less, and that ``LINES`` divide."""
    power = 1
    while True:
        for step in ROUND:
            if step * power >= value and step * power % LINES == 0:
                return step * power
        power *= 10


def _labels(spans: Sequence[Span], places: Sequence[int]) -> list[tuple[int, str]]:
    """As many as there is room for; the newest always has one."""
    width = (RIGHT - LEFT) / len(spans)
    widest = max(len(span.label) for span in spans)
    each = max(1, -(-LABEL_WIDTH * widest // 5 // int(width)))
    chosen = range(len(spans) - 1, -1, -each)
    return [((places[number] + places[number + 1]) // 2, spans[number].label) for number in chosen]
