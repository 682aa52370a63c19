"""The file has exactly what the list shows, in its order, and people masked unless somebody said why."""

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

from bindings.models import WorkDay
from hireops.exports import writing
from hireops.exports.models import Export
from hireops.feishu.models import Tenant
from hireops.jobs import leases, working
from referrals.models import ReferralAccount
from referrals.payments.services import hand_over
from tests.exports.files import ACCOUNTS, ask, ask_page, book, content, download, exported, table
from tests.long_work import let_rests_pass, work
from tests.referrals.withdrawals import taken
from tests.searching import search

Pages = Callable[[User], Client]
MakeAccount = Callable[..., ReferralAccount]

pytestmark = pytest.mark.django_db


def ids(rows: list[dict[str, str]]) -> list[str]:
    return [row["Account ID"] for row in rows]


def test_it_has_the_rows_of_the_list_in_its_order_on_all_its_pages(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    made = [account().account_id for _number in range(120)]  # the list shows 50 on a page

    assert ids(exported(pages(hira))) == made[::-1]


def test_it_has_what_the_filters_and_the_search_of_the_list_leave(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    browser = pages(hira)
    account(status=ReferralAccount.Status.AVAILABLE)
    disabled = account(status=ReferralAccount.Status.DISABLED)
    searched = account(status=ReferralAccount.Status.DISABLED, mobile="+8613912345678")

    filtered = exported(browser, at=ask_page(status__exact="2"))
    assert ids(filtered) == [searched.account_id, disabled.account_id]

    listed = search(browser, reverse("admin:referrals_referralaccount_changelist"), "139 1234 5678")
    found = ask(browser, at=listed.context["export_url"])
    work()
    assert ids(table(browser, found)) == [searched.account_id]
    assert "139" not in str(found.narrowed)


def test_rows_with_a_tick_can_be_had_alone(hira: User, pages: Pages, account: MakeAccount) -> None:
    browser = pages(hira)
    _first, second, third = account(), account(), account()
    chosen = {"action": "export_chosen", "_selected_action": [second.pk, third.pk]}

    answer = browser.post(reverse("admin:referrals_referralaccount_changelist"), chosen)

    assert ids(exported(browser, at=answer["Location"])) == [third.account_id, second.account_id]


def test_amounts_are_plain_numbers_with_their_currency_above_and_times_are_iso(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    browser = pages(hira)
    account(points=1200, CNY="1234.50", JPY="800")

    (row,) = exported(browser)

    assert (row["Points"], row["CNY"], row["JPY"]) == ("1200", "1234.50", "800")
    assert row["As of"] == "2026-11-02 09:00:00"
    assert row["Status"] == "enabled"


def test_an_xlsx_file_keeps_ids_has_a_header_that_stays_and_says_what_it_is(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    browser = pages(hira)
    made = account(name="=1+1", points=3, status=ReferralAccount.Status.DISABLED)
    export = ask(browser, at=ask_page(status__exact="2"), file_format="xlsx")
    work()

    sheet, about = book(browser, export).worksheets

    cells = dict(zip([cell.value for cell in sheet[1]], sheet[2], strict=True))
    assert cells["Account ID"].value == made.account_id
    assert (cells["Points"].value, cells["Points"].number_format) == (3, "0")
    assert {cell.data_type for cell in sheet[2]} <= {"s", "n", "d"}
    assert sheet.freeze_panes == "A2"
    told = {row[0].value: row[1].value for row in about.rows}
    assert (told["Status"], told["Rows"]) == ("deactivated", 1)


def test_what_was_paid_is_a_number_that_a_sheet_adds_up(
    hira: User, ada: User, pages: Pages, account: MakeAccount
) -> None:
    browser = pages(hira)
    hand_over([taken(account(), by=hira, approver=ada, CNY="1234.50")], by=hira)
    export = ask(browser, "referrals.payment", file_format="xlsx")
    work()

    sheet, _about = book(browser, export).worksheets

    cells = dict(zip([cell.value for cell in sheet[1]], sheet[2], strict=True))
    assert (cells["Sum"].value, cells["Sum"].number_format) == (1234.5, "0.00")
    assert sheet["A1"].value == "Employee"


def test_it_is_in_the_language_of_who_asked(hira: User, client_of: Pages, account: MakeAccount) -> None:
    browser = client_of(hira)
    account()

    (row,) = exported(browser)

    assert row["状态"] == "已启用"


# --- Whom it names

WEEKENDS = [3, 4, 10, 11, 17]  # of May 2031; the list has what is otherwise than its weekday says
NUMBER, ADDRESS, NAME = "+8613877665544", "zhangsanfeng@example.com", "张三丰"


def test_people_are_masked(hira: User, pages: Pages, account: MakeAccount) -> None:
    browser = pages(hira)
    account(mobile=NUMBER, email=ADDRESS, name=NAME)
    export = ask(browser)
    work()

    text = content(browser, export).decode()

    assert "张**" in text
    assert not [each for each in (NUMBER, NUMBER[3:], ADDRESS, NAME) if each in text]


def test_who_may_see_people_and_says_why_has_them_as_they_are(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    account(mobile=NUMBER, email=ADDRESS, name=NAME)

    (row,) = exported(pages(hira), in_the_clear="on", reason="for the tax office")

    assert (row["Employee"], row["Email"]) == (NAME, ADDRESS)
    assert row["Mobile number"].lstrip("'") == NUMBER


def test_no_list_gives_away_a_number_or_an_address(
    admin_user: User, pages: Pages, account: MakeAccount
) -> None:
    """Whatever columns a list has, masked is masked."""
    browser = pages(admin_user)
    account(mobile=NUMBER, email=ADDRESS, name=NAME)
    Tenant.objects.update(name=f"call {NUMBER} or {ADDRESS}")
    names = [
        model._meta.label_lower
        for model, each in admin.site._registry.items()
        if getattr(each, "is_exported", False) and each.get_queryset(_request(admin_user)).exists()
    ]
    assert ACCOUNTS in names
    for listed in names:
        export = ask(browser, listed)
        work()
        text = content(browser, export).decode()
        assert not [each for each in (NUMBER[3:], ADDRESS) if each in text], listed


def _request(person: User) -> Any:
    request: Any = RequestFactory().get("/")
    request.user = person
    return request


# --- However long it takes


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ROWS_OF_A_PIECE", 3)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_whoever_takes_it_up_again_goes_on_where_the_last_one_died(
    hira: User, pages: Pages, account: MakeAccount, file_format: str
) -> None:
    browser = pages(hira)
    made = [account().account_id for _number in range(8)]
    export = ask(browser, file_format=file_format)
    lease = leases.claim()
    assert lease
    parts = writing.parts(lease.job)
    for _part in range(3):  # the keys, and two pieces
        lease.keep(next(parts))
    late = account()  # of a row that came later, the list of then knew nothing
    lease.release()

    work()

    if file_format == "csv":
        assert ids(table(browser, export)) == made[::-1]
    else:
        rows = list(book(browser, export).worksheets[0].values)
        assert [row[1] for row in rows[1:]] == made[::-1]
    export.refresh_from_db()
    assert export.rows == 8
    assert late.account_id not in made


@pytest.mark.usefixtures("small_pieces")
def test_what_is_gone_meanwhile_is_left_out(vera: User, pages: Pages) -> None:
    browser = pages(vera)
    days = [WorkDay.objects.create(date=date(2031, 5, day), works=True, source="x") for day in WEEKENDS]
    export = ask(browser, "bindings.workday")
    lease = leases.claim()
    assert lease
    lease.keep(next(writing.parts(lease.job)))
    days[0].delete()
    lease.release()

    work()

    shown = [row["Day"] for row in table(browser, export)]
    assert [day for day in shown if day.startswith("2031")] == [
        f"2031-05-{day:02}" for day in reversed(WEEKENDS[1:])
    ]


@pytest.mark.usefixtures("small_pieces")
def test_the_digest_is_that_of_the_file_and_the_file_is_always_the_same(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    browser = pages(hira)
    for _number in range(7):
        account()
    exports = [ask(browser, file_format=each) for each in ("csv", "xlsx")]
    work()

    for export in exports:
        export.refresh_from_db()
        once, twice = content(browser, export), content(browser, export)
        assert once == twice
        assert hashlib.sha256(once).hexdigest() == export.sha256


def test_what_is_stored_of_a_file_is_encrypted(hira: User, pages: Pages, account: MakeAccount) -> None:
    account(name=NAME)
    export = ask(pages(hira), in_the_clear="on", reason="x")
    work()

    stored = [bytes(each) for each in export.pieces.values_list("content", flat=True)]

    assert stored
    assert all(each.startswith(b"\xf5") for each in stored)


@pytest.mark.django_db(transaction=True)  # the connection is given up with the query
def test_a_list_whose_rows_take_too_long_to_find_ends_with_words(
    hira: User, pages: Pages, account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = pages(hira)
    account()
    export = ask(browser)
    monkeypatch.setattr("hireops.exports.lists.KEYS_WITHIN_S", -1)

    work()

    export.refresh_from_db()
    assert export.state == Export.State.FAILED
    page = browser.get(reverse("admin:exports_export_change", args=[export.pk])).content.decode()
    assert "It took too long to find the rows of this list." in page


def test_what_fails_again_and_again_is_not_tried_for_ever(
    hira: User, pages: Pages, account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account()
    export = ask(pages(hira))
    monkeypatch.setattr("hireops.exports.lists.ListSeen.rows", None)

    for _try in range(writing.MOST_TRIES + 2):
        let_rests_pass()
        working.take_turn()

    export.refresh_from_db()
    assert export.state == Export.State.FAILED
    assert not export.pieces.exists()
    assert download(pages(hira), export).status_code == 302
