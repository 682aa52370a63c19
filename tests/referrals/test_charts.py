"""The charts of rewards, payments and events on the home page: who sees what, and where each bar leads."""

from datetime import UTC, datetime, timedelta
from html import unescape
from re import findall

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hireops.desk import tasks
from hireops.desk.models import DailyFigures
from referrals.models import Payment
from referrals.payments import recording, reversing
from referrals.payments.charts import PAID
from tests.exports.files import exported
from tests.kept_events import keep_event
from tests.referrals.withdrawals import break_into, come_back, handed_over, taken

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


@pytest.mark.usefixtures("money")
def test_paid_returned_and_reversed_are_the_same_in_every_place_and_are_counted_once(
    account, home, pages, hira, ada
):
    """Of each place recounted from the rows: charts, lists, filters, the list of batches, and the export."""
    tasks.count_days()
    paid = Payment.objects.get(state="paid")
    month_ago = datetime.now(UTC) - timedelta(days=35)
    break_into(
        "referrals_payment", f"UPDATE referrals_payment SET recorded_at = '{month_ago}' WHERE id = {paid.pk}"
    )
    DailyFigures.objects.filter(series=PAID.name, day=timezone.localdate(month_ago)).update(
        figures={"CNY": {"count": 1, "sum": "1000.10"}}, counted_at=datetime.now(UTC)
    )
    kept = taken(account(CNY="7.00"), CNY="7.00", by=hira, at=datetime.now(UTC))
    (open_one,) = handed_over(taken(account(CNY="5.00"), CNY="5.00", by=hira, at=datetime.now(UTC)))
    for payment in handed_over(kept):
        recording.record_paid(payment, by=hira, reference="bank-2")
    reversing.confirm(
        reversing.propose(paid, by=hira, cause="account_closed"), by=ada, reason="seen at the bank"
    )
    tasks.count_days()

    rows_of = {
        "Paid": [each for each in Payment.objects.all() if each.state == "paid" and not each.reversed_at],
        "Came back": [each for each in Payment.objects.all() if each.state == "bounced"],
        "Reversed": [each for each in Payment.objects.all() if each.reversed_at],
    }
    assert [len(found) for found in rows_of.values()] == [1, 1, 1]
    charts = home(hira)["CNY per month"]
    standing = {"Paid": "paid", "Came back": "bounced", "Reversed": "reversed"}
    for name, found in rows_of.items():
        bars = {words: url for words, url in charts.items() if f", {name}: " in words}
        total = sum(each.sum for each in found)
        assert [words.split(": ")[1] for words in bars] == [f"CNY\u00a0{total:,.2f} ({len(found)} time)"]
        assert [rows(pages, hira, url) for url in bars.values()] == [len(found)]
        listed = pages(hira).get(f"/admin/referrals/payment/?state__exact={standing[name]}")
        assert set(listed.context["cl"].result_list) == set(found)
    batches = pages(hira).get("/admin/referrals/payoutbatch/").content.decode()
    for column, state in (("paid", "Paid"), ("bounced", "Came back"), ("reversed", "Reversed")):
        counts = findall(rf'field-{column}_count"[^>]*>(\d+)<', batches)
        assert sum(map(int, counts)) == len(rows_of[state])
    listed_rows = exported(pages(hira), "referrals.payment")
    for name, found in rows_of.items():
        states = [row["State"] for row in listed_rows]
        assert states.count(str(Payment.Standing(standing[name]).label)) == len(found)
    assert open_one.standing == "handed_over"


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
