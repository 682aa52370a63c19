"""The home page: what waits for whom, how hireops is, the first steps, and charts of what was counted."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hireops.database import clock as database_clock
from hireops.desk import cards, charts, figures, first_steps, tasks
from hireops.desk.cards import Card
from hireops.desk.charts import Bar, Chart
from hireops.desk.figures import Figure, Series
from tests.clocks import Clock
from tests.in_this_process import in_english

__all__ = ["in_english"]

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # by the clock of the pages, Asia/Shanghai


@pytest.fixture
def home(
    monkeypatch: pytest.MonkeyPatch, vera: User, client_of: Callable[[User], Client]
) -> Callable[..., str]:
    """``home(card, card)``: the page of somebody whom only these concern."""

    def home(*shown: Card, chart: Chart | None = None) -> str:
        functions = [lambda _reader, card=card: card for card in shown]
        monkeypatch.setattr(cards, "_card_functions", functions)
        monkeypatch.setattr(charts, "_chart_functions", [lambda _reader: [chart] if chart else []])
        monkeypatch.setattr(first_steps, "_functions", [])
        browser = client_of(vera)
        browser.cookies["django_language"] = "en"
        return browser.get("/admin/").content.decode()

    return home


def part(page: str, start: str) -> str:
    """Of the page, the section that begins like this; empty if there is none."""
    found = re.search(rf'<section class="{start}".*?</section>', page, re.DOTALL)
    return found.group() if found else ""


def test_what_waits_comes_first_with_amounts_and_age_and_what_does_not_is_one_line(
    home: Callable[..., str],
) -> None:
    since = database_clock.now() - timedelta(days=3, minutes=5)
    page = home(
        Card("To correct", 2, tone="warn", url="/correct/"),
        Card("To look at", 0, url="/look/"),
        Card("To approve", 27, tone="bad", sums=["CNY 38,634.00", "points 500"], since=since),
    )

    waiting = part(page, "waiting")
    assert waiting.index("To approve") < waiting.index("To correct") < waiting.index("Nothing to do:")
    assert "CNY 38,634.00" in waiting
    assert "The oldest for 3 d" in waiting
    assert waiting.count('class="card ') == 2
    assert '<a href="/look/">To look at</a>' in waiting.split("Nothing to do:")[1]
    assert page.index('class="waiting"') < page.index('id="content-main"')


def test_the_system_is_a_quiet_line_until_something_is_wrong(home: Callable[..., str]) -> None:
    well = Card("Health", "well", about="system")
    quiet = part(home(well, Card("Unsent", 0, about="system")), "strip")
    assert ("Health" in quiet, 'class="card ' in quiet) == (True, False)

    warned = part(home(well, Card("Failed", 3, about="system", tone="warn")), "strip")
    assert ("card-warn" in warned, "Health" in warned) == (True, True)

    red = part(home(well, Card("Worker", 1, "stopped", about="system", tone="bad")), "strip strip-bad")
    assert "card-bad" in red
    assert "stopped" in red


def test_who_begins_finds_first_steps_of_the_own_work(
    vera: User, hira: User, ada: User, client_of: Callable[[User], Client]
) -> None:
    def steps(person: User) -> list[str]:
        browser = client_of(person)
        browser.cookies["django_language"] = "en"
        return [str(each.title) for each in browser.get("/admin/").context["first_steps"]]

    assert steps(vera) == ["First steps of a vendor"]
    assert steps(hira) == ["First steps of HR"]
    assert steps(ada) == []


# --- Counting


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Series, list[str]]]:
    """``series(days=3)``: one that counts a reward a day, and the days that it was asked to count."""

    def series(**how: object) -> tuple[Series, list[str]]:
        asked: list[str] = []

        def count(since: datetime, until: datetime) -> Mapping[str, Figure]:
            assert until - since == timedelta(days=1)
            asked.append(f"{since.astimezone(UTC):%m-%d %H:%M}")
            return {"CNY": Figure(1, Decimal("0.10"))}

        monkeypatch.setattr(figures, "_series", {})
        return figures.register(Series("test", count, **how)), asked  # type: ignore[arg-type]

    return series


def test_a_day_that_is_over_is_counted_once_and_today_each_time(
    series: Callable[..., tuple[Series, list[str]]], clock: Clock
) -> None:
    clock.set(NOON)
    made, asked = series(days=3)

    tasks.count_days()
    assert asked == ["11-19 16:00", "11-18 16:00", "11-17 16:00"]  # midnights of Shanghai, the newest first
    asked.clear()
    tasks.count_days()
    assert asked == ["11-19 16:00"]
    assert figures.counted(made).between(figures.today() - timedelta(2), figures.today()) == {
        "CNY": Figure(3, Decimal("0.30"))
    }

    clock.advance(days=1)
    asked.clear()
    tasks.count_days()
    assert asked == ["11-20 16:00", "11-19 16:00"]  # yesterday was not over when it was counted
    asked.clear()
    tasks.count_days()
    assert asked == ["11-20 16:00"]


def test_days_that_may_still_change_are_looked_at_every_hour(
    series: Callable[..., tuple[Series, list[str]]], clock: Clock
) -> None:
    clock.set(NOON)
    _made, asked = series(days=3, settles=timedelta(days=30))
    tasks.count_days()
    asked.clear()
    clock.advance(minutes=30)
    tasks.count_days()
    assert len(asked) == 1
    asked.clear()
    clock.advance(minutes=31)
    tasks.count_days()
    assert len(asked) == 3


# --- Drawing


def chart_of(*values: int, **more: object) -> Chart:
    spans = charts.days(len(values))
    bars = [
        [Bar(value, f"{value:,}", f"/list/?day={span.first}")]
        for value, span in zip(values, spans, strict=True)
    ]
    return Chart("Events <per day>", ["Events"], spans, bars, NOON, **more)  # type: ignore[arg-type]


def test_each_bar_leads_to_its_list_and_the_table_says_the_same(
    home: Callable[..., str], clock: Clock
) -> None:
    clock.set(NOON)
    page = home(chart=chart_of(3, 0, 1200))
    figure = re.search(r"<figure.*?</figure>", page, re.DOTALL)
    assert figure
    drawing, table = figure.group().split("<details>")

    bars = re.findall(r'<a href="([^"]+)"><title>([^<]+)</title>', drawing)
    assert bars == [
        ("/list/?day=2026-11-18", "2026-11-18, Events: 3"),
        ("/list/?day=2026-11-20", "2026-11-20, Events: 1,200"),
    ]
    assert re.findall(r"<td>([\d,]+)", table) == ["1,200", "0", "3"]
    assert "2026-11-18 to 2026-11-20" in drawing
    assert "counted at 11-20 12:00" in drawing
    assert "Events &lt;per day&gt;" in drawing
    assert 'role="group" aria-labelledby="chart-1"' in drawing
    assert not re.search(r"\sstyle=|<style|<script|role=\"img\"", figure.group())


def test_bars_stand_on_nothing_and_keep_their_proportions_and_places() -> None:
    drawing = chart_of(50, 0, 100, 1).draw()

    half, whole, least = drawing.marks
    assert {mark.y + mark.height for mark in drawing.marks} == {drawing.bottom}
    assert [text for _y, text in drawing.lines] == ["0", "50", "100"]
    assert drawing.lines[0][0] == drawing.bottom
    assert whole.height == 2 * half.height == drawing.plot_height
    assert least.height > 0
    assert whole.x - half.x == pytest.approx(2 * (least.x - whole.x), abs=2)  # the empty day has its place


def test_a_part_stands_within_its_whole() -> None:
    spans = charts.weeks(1)
    bars = [[Bar(10, "10", "/all/"), Bar(5, "5", "/late/")]]
    whole, late = Chart("Orders", ["Orders", "Late"], spans, bars, NOON, is_part=True).draw().marks
    assert (late.x, late.width) == (whole.x, whole.width)
    assert (late.is_pointed_at_above, whole.is_pointed_at_above) == (False, True)


def test_a_year_of_months_has_no_gap_and_ends_today(clock: Clock) -> None:
    clock.set(datetime(2028, 3, 31, 4, tzinfo=UTC))
    spans = charts.months()
    assert [span.words for span in spans][:1] == ["2027-04"]
    assert (str(spans[-2].last), str(spans[-1].last)) == ("2028-02-29", "2028-03-31")
    assert all(a.last + timedelta(1) == b.first for a, b in pairwise(spans))
