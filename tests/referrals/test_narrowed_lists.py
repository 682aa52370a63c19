"""Lists are narrowed by days and amounts, sorted where an index carries it, and kept under a name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from hireops.desk.models import AuditEntry, SavedFilter
from referrals.accounts.notes import keep_notes
from referrals.models import POINTS, ReferralAccount, Registration, Withdrawal
from referrals.payments import recording
from referrals.payments.services import hand_over
from referrals.registrations.tasks import empty_contacts
from tests.clocks import Clock
from tests.referrals.withdrawals import answered, approved, taken
from tests.searching import found, reveal, search
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

Account = Callable[..., ReferralAccount]
Pages = Callable[[User], Client]

MIDNIGHT = datetime(2026, 10, 31, 16, tzinfo=UTC)  # when the first of November begins in Shanghai


def list_of(model: str) -> str:
    return reverse(f"admin:referrals_{model}_changelist")


def rows(browser: Client, model: str, **asked: str) -> list[Any]:
    return found(browser.get(list_of(model), asked))


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def chips(answer: Any) -> list[str]:
    return [f"{choice.label}: {choice.text}" for choice in answer.context["cl"].chosen]


@pytest.mark.parametrize(
    ("model", "asked", "said_in_words"),
    [
        ("registration", {"state__in": "invalid,refused"}, "State: to be corrected, refused"),
        (
            "withdrawal",
            {"state__in": "requested,unknown"},
            "State: waits for approval, no answer from Feishu yet",
        ),
        ("registration", {"batch__isnull": "0"}, "Import: Not empty"),
    ],
)
def test_what_only_a_link_asks_for_is_shown_in_words(
    pages: Pages, hira: User, model: str, asked: dict[str, str], said_in_words: str
) -> None:
    assert chips(pages(hira).get(list_of(model), asked)) == [said_in_words]


# --- Days


@pytest.fixture
def registered_at(tenant: Any, hira: User) -> Callable[[datetime], Registration]:
    def registered_at(moment: datetime) -> Registration:
        row = Registration.objects.create(state="discarded", tenant=tenant, created_by=hira)
        Registration.objects.filter(pk=row.pk).update(created_at=moment)
        return row

    return registered_at


def test_both_days_of_a_range_are_in_it_by_the_clock_of_the_house(
    registered_at: Any, pages: Pages, hira: User
) -> None:
    second = timedelta(seconds=1)
    before = registered_at(MIDNIGHT - second)
    first = registered_at(MIDNIGHT)
    last = registered_at(MIDNIGHT + timedelta(days=20) - second)
    after = registered_at(MIDNIGHT + timedelta(days=20))
    browser = pages(hira)

    def shown(**days: str) -> set[Any]:
        asked = {f"created_at_{part}": day for part, day in days.items()}
        return set(rows(browser, "registration", **asked))

    assert shown(**{"from": "2026-11-01", "to": "2026-11-20"}) == {first, last}
    assert shown(to="2026-10-31") == {before}
    assert shown(**{"from": "2026-11-21", "to": ""}) == {after}
    assert shown(**{"from": " ", "to": "\t"}) == {before, first, last, after}
    assert shown(**{"from": "2026年11月1日", "to": "２０２６／１１／２０"}) == {first, last}


def test_a_range_says_what_is_chosen_and_is_taken_away_by_one_click(
    registered_at: Any, pages: Pages, hira: User
) -> None:
    row = registered_at(MIDNIGHT)
    asked = {"created_at_from": "2026-11-02", "created_at_to": "2026-11-20", "state__exact": "discarded"}
    answer = pages(hira).get(list_of("registration"), asked)

    assert chips(answer) == ["State: discarded", "Created: 2026-11-02 to 2026-11-20"]
    without = answer.context["cl"].chosen[1].without
    assert found(pages(hira).get(list_of("registration") + without)) == [row]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"created_at_from": "soon"}, "“soon” is no day. Write it like 2026-11-01."),
        ({"created_at_to": "2026-02-30"}, "“2026-02-30” is no day. Write it like 2026-11-01."),
        ({"created_at_from": "0001-01-01"}, "0001-01-01 is outside of the years 1970 to 9998."),
        ({"created_at_to": "9999-12-31"}, "9999-12-31 is outside of the years 1970 to 9998."),
        (
            {"created_at_from": "2026-11-02", "created_at_to": "2026-11-01"},
            "The range ends before it begins.",
        ),
        ({"created_at_in": "next_week"}, "“next_week” is no period that this list knows."),
    ],
)
def test_a_day_that_cannot_be_read_shows_nothing_and_says_why(
    registered_at: Any, pages: Pages, hira: User, asked: dict[str, str], why: str
) -> None:
    registered_at(MIDNIGHT)
    answer = pages(hira).get(list_of("registration"), asked)

    assert found(answer) == []
    assert why in said(answer)


def test_this_month_is_another_one_when_the_next_has_come(
    registered_at: Any, pages: Pages, hira: User, clock: Clock
) -> None:
    october, november = registered_at(MIDNIGHT - timedelta(days=1)), registered_at(MIDNIGHT)
    browser = pages(hira)
    clock.set(MIDNIGHT - timedelta(minutes=1))
    assert rows(browser, "registration", created_at_in="this_month") == [october]
    clock.set(MIDNIGHT + timedelta(minutes=1))
    assert rows(browser, "registration", created_at_in="this_month") == [november]
    assert rows(browser, "registration", created_at_in="last_month") == [october]
    assert rows(browser, "registration", created_at_in="yesterday") == [october]


# --- Amounts


@pytest.fixture
def withdrawals(account: Account, hira: User, ada: User) -> dict[str, Withdrawal]:
    """By a word; what was taken counts, not what was seen before."""
    seen = {"CNY": Decimal("100.00")}
    at_first = approved(account(), by=hira, approver=ada, points=False, cash=True, seen={"CNY": Decimal(1)})
    return {
        "taken": answered(at_first, at=MIDNIGHT, CNY="250.00"),
        "waits": approved(account(), by=hira, approver=ada, points=False, cash=True, seen=seen),
        "yen": taken(account(), by=hira, approver=ada, JPY="100"),
    }


def test_filters_of_withdrawals_speak_of_lowest_and_highest_and_of_what_waits_for_oneself(
    withdrawals: dict[str, Withdrawal], pages: Pages, ada: User
) -> None:
    listed = pages(ada).get(list_of("withdrawal"), {"waits_for": "me"})
    assert chips(listed) == ["Decision: waits for me"]
    page = listed.content.decode()
    assert all(f"<span>{label}</span>" in page for label in ("Lowest", "Highest", "From", "To"))


def test_withdrawals_are_narrowed_by_amount_with_both_bounds(
    withdrawals: dict[str, Withdrawal], pages: Pages, ada: User
) -> None:
    browser = pages(ada)

    def shown(**asked: str) -> set[str]:
        names = {row.pk: name for name, row in withdrawals.items()}
        return {names[row.pk] for row in rows(browser, "withdrawal", **asked)}

    assert shown(amount_of="CNY", amount_from="100") == {"waits", "taken"}
    assert shown(amount_of="CNY", amount_to="100.00") == {"waits"}
    assert shown(amount_of="CNY", amount_from="100.01", amount_to="２５０") == {"taken"}
    assert shown(amount_of="any", amount_from="100", amount_to="100") == {"waits", "yen"}
    assert shown(amount_to="100") == {"waits", "yen"}
    assert shown(amount_of="JPY") == {"yen"}
    assert shown(amount_of="XYZ") == set()
    assert chips(browser.get(list_of("withdrawal"), {"amount_of": "any"})) == []


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"amount_from": "much"}, "“much” is no amount. Write it like 1,234.50."),
        ({"amount_from": "NaN"}, "“NaN” is no amount."),
        ({"amount_to": "1e3"}, "“1e3” is no amount."),
        ({"amount_to": "1.005"}, "is too long: at most 16 digits, and two after the point."),
        ({"amount_to": "9" * 17}, "is too long"),
        ({"amount_from": "2", "amount_to": "1", "amount_of": "CNY"}, "The range ends before it begins."),
    ],
)
def test_an_amount_that_cannot_be_read_shows_nothing_and_says_why(
    withdrawals: Any, pages: Pages, ada: User, asked: dict[str, str], why: str
) -> None:
    answer = pages(ada).get(list_of("withdrawal"), asked)
    assert found(answer) == []
    assert why in said(answer)


def test_amounts_are_sorted_in_both_directions_once_an_asset_is_chosen(
    withdrawals: dict[str, Withdrawal], pages: Pages, ada: User
) -> None:
    browser = pages(ada)
    place = browser.get(list_of("withdrawal")).context["cl"].list_display.index("amounts_listed")
    upwards = [withdrawals["waits"], withdrawals["taken"]]

    assert rows(browser, "withdrawal", amount_of="CNY", o=f"{place}") == upwards
    assert rows(browser, "withdrawal", amount_of="CNY", o=f"-{place}") == upwards[::-1]
    newest_first = sorted(withdrawals.values(), key=lambda row: -row.pk)
    assert rows(browser, "withdrawal", o=f"{place}") == newest_first
    header = f"o={place}"
    assert header not in browser.get(list_of("withdrawal")).text
    assert header in browser.get(list_of("withdrawal"), {"amount_of": "CNY"}).text


def test_equal_amounts_stand_in_the_order_that_one_index_has(
    account: Account, pages: Pages, hira: User
) -> None:
    for _number in range(3):
        account(CNY="5.00")
    browser = pages(hira)
    place = browser.get(list_of("balancechange")).context["cl"].list_display.index("difference_shown")

    upwards = rows(browser, "balancechange", asset="CNY", o=f"{place}")
    assert [each.pk for each in upwards] == sorted(each.pk for each in upwards)
    assert rows(browser, "balancechange", asset="CNY", o=f"-{place}") == upwards[::-1]
    for way in ("", "-"):
        answer = browser.get(list_of("balancechange"), {"asset": "CNY", "o": f"{way}{place}"})
        plan = plan_of(answer.context["cl"].queryset[:50])
        assert "change_by_amount" in plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


def test_accounts_are_found_and_sorted_by_what_is_in_them(account: Account, pages: Pages, ada: User) -> None:
    nothing, points, little, much = (
        account(),
        account(points=50),
        account(points=7, CNY="9.00"),
        account(CNY="10.00"),
    )
    browser = pages(ada)
    place = browser.get(list_of("referralaccount")).context["cl"].list_display.index("cash")

    assert set(rows(browser, "referralaccount", balance_of="any")) == {points, little, much}
    assert set(rows(browser, "referralaccount", balance_of="CNY")) == {little, much}
    assert rows(browser, "referralaccount", balance_of="CNY", o=f"-{place}") == [much, little]
    assert rows(browser, "referralaccount", balance_of=POINTS, balance_from="8") == [points]
    assert nothing in rows(browser, "referralaccount")
    answer = browser.get(list_of("referralaccount"), {"balance_of": "CNY"})
    assert chips(answer) == ["Balance: has CNY"]


def test_payments_without_a_result_come_last_in_either_direction(
    account: Account, pages: Pages, hira: User, ada: User
) -> None:
    first, second = (taken(account(), by=hira, approver=ada, CNY="1.00") for _number in range(2))
    open_one = hand_over([first], by=hira).payments.get()
    paid = hand_over([second], by=hira).payments.get()
    browser = pages(hira)
    recording.record_paid(paid, by=hira, reference="R1")
    place = browser.get(list_of("payment")).context["cl"].list_display.index("recorded_at")
    for order in (f"{place}", f"-{place}"):
        assert rows(browser, "payment", o=order) == [paid, open_one]


# --- That an index carries it


ORDERS = [
    ("withdrawal", {"amount_of": "CNY"}, "amounts_listed", "withdrawal_by_amount"),
    ("withdrawal", {}, "requested_at", "withdrawal_by_request"),
    ("referralaccount", {"balance_of": "CNY"}, "cash", "balance_by_amount"),
    ("payment", {"asset": "CNY"}, "sum_shown", "payment_by_sum"),
    ("balancechange", {"asset": "CNY"}, "difference_shown", "change_by_amount"),
    ("balancechange", {}, "written", "change_by_time"),
]
RANGES = [
    ("withdrawal", {"amount_from": "5"}, "withdrawal_by_amount"),
    ("referralaccount", {"balance_of": "any"}, "balance_by_amount"),
    ("balancechange", {"difference_from": "5"}, "change_by_amount"),
    ("balancechange", {"created_at_in": "yesterday"}, "change_by_time"),
    ("payment", {"sum_from": "5"}, "payment_by_sum"),
]


@pytest.fixture
def browser_with_rows(account: Account, pages: Pages, hira: User, ada: User) -> Client:
    hand_over([taken(account(CNY="5.00"), by=hira, approver=ada, CNY="3.00")], by=hira)
    return pages(hira)


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order[0]}-{order[2]}")
@pytest.mark.parametrize("way", ["", "-"])
def test_an_index_carries_each_order(browser_with_rows: Client, order: Any, way: str) -> None:
    model, asked, column, index = order
    place = browser_with_rows.get(list_of(model)).context["cl"].list_display.index(column)
    answer = browser_with_rows.get(list_of(model), {**asked, "o": f"{way}{place}"})
    assert index in plan_of(answer.context["cl"].queryset[:50])


@pytest.mark.parametrize(("model", "asked", "index"), RANGES)
def test_an_index_carries_each_range(browser_with_rows: Client, model: str, asked: Any, index: str) -> None:
    answer = browser_with_rows.get(list_of(model), asked)
    assert index in plan_of(answer.context["cl"].queryset.order_by())


def plan_of(rows: Any) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of few rows a scan or a sort is cheaper than any index.
            for way in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
            pretend_many_rows(cursor)
    return str(rows.explain())


def pretend_many_rows(cursor: Any) -> None:
    """Until the end of the transaction the planner takes each table of ours for a million unanalyzed rows.

    For one page any two indexes cost the same; which is taken then depends on what autovacuum has seen.
    """
    ours = "relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i')"
    cursor.execute(f"DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE {ours})")
    cursor.execute(
        "UPDATE pg_class SET reltuples = 1000000, relpages = pg_relation_size(oid) / 8192"
        f" WHERE {ours} AND pg_relation_size(oid) > 8192 * (relkind = 'i')::int"
    )


# --- Saved filters


WITHDRAWALS = "referrals.withdrawal"


def save(browser: Client, name: str, *, shared: bool = False, **asked: str) -> Any:
    address = f"{reverse('admin:referrals_withdrawal_save_filter')}?{urlencode(asked)}"
    return browser.post(address, {"name": name} | ({"shared": "on"} if shared else {}), follow=True)


def open_saved(browser: Client, saved: SavedFilter) -> Any:
    return browser.get(reverse("admin:referrals_withdrawal_saved_filter", args=[saved.pk]), follow=True)


def change(browser: Client, saved: SavedFilter, **form: str) -> Any:
    return browser.post(
        reverse("admin:referrals_withdrawal_change_saved_filter", args=[saved.pk]), form, follow=True
    )


def test_what_is_chosen_is_saved_under_a_name_and_opened_again_with_its_order(
    withdrawals: dict[str, Withdrawal], pages: Pages, ada: User
) -> None:
    browser = pages(ada)
    display = browser.get(list_of("withdrawal")).context["cl"].list_display
    order = f"-{display.index('amounts_listed')}"
    save(browser, "  large   ones ", amount_of="CNY", amount_from="50", o=order, p="2")

    saved = SavedFilter.objects.get()
    assert (saved.name, saved.owner, saved.list, saved.shared) == ("large ones", ada, WITHDRAWALS, False)
    answer = open_saved(browser, saved)
    assert found(answer) == [withdrawals["taken"], withdrawals["waits"]]
    assert "Saved filters: large ones" in answer.text
    entry = AuditEntry.objects.get(action="filter saved")
    assert (entry.actor, entry.details["query"]) == (ada, saved.query)


def test_what_was_searched_for_is_not_saved(withdrawals: Any, pages: Pages, ada: User) -> None:
    browser = pages(ada)
    typed = search(browser, list_of("withdrawal"), "order00001", state__exact="taken").redirect_chain[-1][0]
    term = dict(pair.split("=") for pair in typed.partition("?")[2].split("&"))["q"]
    save(browser, "of one", state__exact="taken", q=term)
    save(browser, "by link", q="order00001")
    assert [saved.query for saved in SavedFilter.objects.all()] == ["state__exact=taken"]


def test_only_a_shared_filter_is_seen_by_others_and_only_its_owner_changes_it(
    request: Any, pages: Pages, ada: User, vera: User
) -> None:
    save(pages(ada), "mine", state__exact="taken")
    save(pages(ada), "ours", state__exact="requested", shared=True)
    mine, ours = SavedFilter.objects.order_by("name")

    for person in ("hira", "audrey"):
        browser = pages(request.getfixturevalue(person))
        offered = [each.saved for each in browser.get(list_of("withdrawal")).context["cl"].saved_filters]
        assert offered == [ours]
        assert open_saved(browser, ours).status_code == 200
        assert open_saved(browser, mine).status_code == 404
        assert change(browser, ours, name="theirs").status_code == 403
        assert change(browser, mine, delete="yes").status_code == 404
    assert open_saved(pages(vera), ours).status_code == 403
    change(pages(ada), ours, name="no longer")
    assert browser.get(list_of("withdrawal")).context["cl"].saved_filters == []
    change(pages(ada), mine, delete="yes")
    assert [(saved.name, saved.shared) for saved in SavedFilter.objects.all()] == [("no longer", False)]
    done = AuditEntry.objects.filter(actor=ada).order_by("pk").values_list("action", flat=True)
    assert list(done) == ["filter saved", "filter saved", "saved filter changed", "saved filter deleted"]


@pytest.mark.parametrize(
    ("name", "asked", "why"),
    [
        ("", {"state__exact": "taken"}, "Give the filter a name."),
        ("twice", {"state__exact": "taken"}, "You have saved a filter of this list as “twice” already."),
        ("all", {}, "Nothing is chosen in this list"),
        ("bad", {"amount_from": "much"}, "What can't be read can't be saved."),
        ("odd", {"requested_at__gte": "x"}, "This list does not understand what it was asked for."),
    ],
)
def test_what_makes_no_saved_filter_is_refused_in_words(
    pages: Pages, ada: User, name: str, asked: Any, why: str
) -> None:
    SavedFilter.objects.create(owner=ada, list=WITHDRAWALS, name="twice", query="state__exact=paid")
    answer = save(pages(ada), name, **asked)
    assert why in said(answer)
    assert SavedFilter.objects.count() == 1


def test_nothing_but_parameters_of_the_list_is_saved(pages: Pages, ada: User) -> None:
    assert save(pages(ada), "digits", account__mobile__startswith="+86138").status_code == 400
    assert not SavedFilter.objects.exists()


def test_a_filter_that_the_list_has_no_more_is_left_out_and_that_is_said(
    withdrawals: Any, pages: Pages, ada: User
) -> None:
    query = "gone=1&sort=-gone.number&state__exact=taken"
    saved = SavedFilter.objects.create(owner=ada, list=WITHDRAWALS, name="old", query=query)
    answer = open_saved(pages(ada), saved)
    assert answer.status_code == 200
    assert set(found(answer)) == {withdrawals["taken"], withdrawals["yen"]}
    assert "“old” was saved with a filter that this list no longer has." in said(answer)


# --- Notes


NOTES = "His wife Li Na collects it, 138 0013 8000"


def notes_page(account: ReferralAccount) -> str:
    return reverse("admin:referrals_referralaccount_notes", args=[account.pk])


def page(account: ReferralAccount) -> str:
    return reverse("admin:referrals_referralaccount_change", args=[account.pk])


def test_notes_of_an_account_are_written_by_who_works_with_it(
    account: Account, pages: Pages, hira: User, audrey: User, otto: User
) -> None:
    its = account()
    browser = pages(hira)
    browser.post(notes_page(its), {"notes": "Leaves in\r\nMay ", "initial-notes": ""}, follow=True)
    its.refresh_from_db()
    assert its.notes == "Leaves in\nMay"
    assert "Leaves in<br>May" in browser.get(page(its)).text
    entry = AuditEntry.objects.get(action="notes changed")
    assert (entry.actor, entry.target_id, "May" in str(entry.details)) == (hira, str(its.pk), False)
    for reader in (audrey, otto):
        assert pages(reader).get(notes_page(its)).status_code == 403


def test_notes_are_masked_as_contacts_are(account: Account, pages: Pages, hira: User, audrey: User) -> None:
    its = account(notes=NOTES)
    assert "Li Na" not in pages(audrey).get(page(its)).text
    browser = pages(hira)
    at_first = browser.get(page(its)).text
    assert "Li Na" in at_first
    assert "0013 8000" not in at_first
    assert "0013 8000" in reveal(browser, page(its)).text
    refused = browser.get(notes_page(its), follow=True)
    assert "Show personal data first" in said(refused)
    assert "0013 8000" not in refused.text


def test_notes_that_somebody_else_has_changed_meanwhile_stay(
    account: Account, pages: Pages, hira: User, ada: User
) -> None:
    its = account()
    keep_notes(its, by=ada, notes="ada's", before="")
    answer = pages(hira).post(notes_page(its), {"notes": "hira's", "initial-notes": ""})
    assert "Somebody has changed the notes meanwhile." in answer.text
    its.refresh_from_db()
    assert its.notes == "ada's"


def test_notes_go_with_the_person(account: Account, settings: Any) -> None:
    settings.REFERRALS_KEEP_CONTACTS_DAYS = 0
    its = account(notes=NOTES, status=ReferralAccount.Status.DISABLED)
    ReferralAccount.objects.filter(pk=its.pk).update(created_at=MIDNIGHT)
    empty_contacts()
    its.refresh_from_db()
    assert (its.name, its.notes) == ("", "")
