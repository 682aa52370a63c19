"""The charts of rewards, payments and events on the home page: who sees what, and where each bar leads."""

from datetime import UTC, datetime, timedelta
from html import unescape
from re import findall

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hireops.desk import tasks
from hireops.desk.models import DailyFigures
from referrals.models import Payment
from referrals.payments import reversing
from tests.kept_events import keep_event
from tests.referrals.withdrawals import come_back, handed_over, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(pages):
    """``home(hira)``: of her charts, by title, the words of each bar and where it leads."""

    def home(person):
        page = pages(person).get("/admin/").content.decode()
        bars = {}
        for figure in page.split("<figure")[1:]:
            (title,) = findall(r'chart-title" id="[^"]+">([^<]+)', figure)
            bars[title] = dict(map(reversed, findall(r'<a href="([^"]+)"><title>([^<]+)</title>', figure)))
        return bars

    return home


@pytest.fixture
def money(account, hira):
    """A reward of CNY and points, a payment that arrived and one that came back."""
    lucky, other = account(points=100, CNY="1000.10"), account(CNY="0.20")
    arrived = taken(lucky, CNY="1000.10", by=hira)
    for payment in handed_over(arrived):
        payment.state, payment.reference = payment.State.PAID, "bank-1"
        payment.recorded_by, payment.recorded_at = hira, datetime.now(UTC)
        payment.save(update_fields=["state", "reference", "recorded_by", "recorded_at"])
    returned = taken(other, CNY="0.20", by=hira, at=datetime.now(UTC))
    handed_over(returned)
    come_back(returned)


def rows(pages, person, url):
    return pages(person).get(unescape(url)).context["cl"].result_count


def test_hr_sees_what_was_rewarded_paid_and_came_back_by_currency(money, home, pages, hira):
    assert home(hira) == {}  # nothing was counted yet
    tasks.count_days()

    shown = home(hira)
    assert {"points per month", "CNY per month"} <= set(shown)
    month = f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m}"
    cny = shown["CNY per month"]
    assert set(cny) == {
        f"{month}, Rewards: CNY\u00a01,000.30 (2 times)",
        f"{month}, Paid: CNY\u00a01,000.10 (1 time)",
        f"{month}, Came back: CNY\u00a00.20 (1 time)",
    }
    for words, url in cny.items():
        assert f"({rows(pages, hira, url)} time" in words
    assert set(shown["points per month"]) == {f"{month}, Rewards: points\u00a0100 (1 time)"}


def test_what_was_reversed_is_among_what_came_back_and_in_its_list(money, home, pages, hira, ada):
    paid = Payment.objects.get(state="paid")
    reversing.confirm(
        reversing.propose(paid, by=hira, cause="account_closed"), by=ada, reason="seen at the bank"
    )
    tasks.count_days()
    (came_back,) = [words for words in home(hira)["CNY per month"] if "Came back" in words]
    assert "CNY\u00a01,000.30 (2 times)" in came_back
    assert rows(pages, hira, home(hira)["CNY per month"][came_back]) == 2


def test_each_side_sees_its_own_events_and_the_vendor_no_money(request, money, home, pages, hira):
    keep_event(app_id="a", event_id="b", event_type="hire.eco_account.created_v1", payload={})
    vera, audrey = (request.getfixturevalue(who) for who in ("vera", "audrey"))
    tasks.count_days()

    day = f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%d}"
    hers = home(hira)["Events from Feishu per day"]
    assert set(hers) == {f"{day}, Events: 2"}
    assert rows(pages, hira, *hers.values()) == 2
    assert set(home(audrey)["Events from Feishu per day"]) == {f"{day}, Events: 3"}
    assert home(vera)["Events from Feishu per day"].keys() == {f"{day}, Events: 1"}
    assert not [title for title in home(vera) if "month" in title or "Calls" in title]


def test_the_home_page_counts_none_of_what_its_charts_show(money, pages, hira):
    tasks.count_days()
    with CaptureQueriesContext(connection) as queries:
        pages(hira).get("/admin/")
    statements = [each["sql"] for each in queries]
    assert any(DailyFigures._meta.db_table in sql for sql in statements)
    assert not [sql for sql in statements if "GROUP BY" in sql and "balancechange" in sql]
    assert not [sql for sql in statements if "GROUP BY" in sql and "inbox_event" in sql]


def test_a_fourth_currency_is_named_below_the_charts(account, home, pages, hira):
    for currency, number in (("CNY", 4), ("USD", 3), ("EUR", 2), ("JPY", 1)):
        for _each in range(number):
            account(**{currency: "5.00"})
    tasks.count_days()

    assert [title for title in home(hira) if "month" in title] == [
        "CNY per month",
        "EUR per month",
        "USD per month",
    ]
    assert "There was less of: JPY." in pages(hira).get("/admin/").content.decode()
