"""What staff see of referral accounts, and what they can do there."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from hireops.database.clock import now
from hireops.desk.models import AuditEntry
from hireops.outbox.models import Call
from referrals.accounts import services as accounts
from referrals.cases.services import close_case
from referrals.models import BalanceChange, Case, ReferralAccount, Registration, Withdrawal
from tests.pages import waits
from tests.referrals.conftest import tell
from tests.searching import reveal, search

pytestmark = pytest.mark.django_db

LIST = "admin:referrals_referralaccount_changelist"
CHANGES = "admin:referrals_balancechange_changelist"
PERSON = {"name": "欧阳娜娜", "mobile": "+8613800138000", "email": "nana@open.com"}
ROLES = ["hira", "ada", "audrey", "otto"]


def page_of(account):
    return reverse("admin:referrals_referralaccount_change", args=[account.pk])


def text_of(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def confirm(client, action, *chosen, reason="because"):
    url = reverse("admin:referrals_referralaccount_staff_action", args=[action])
    data = {ACTION_CHECKBOX_NAME: [account.pk for account in chosen], "confirmed": "yes", "reason": reason}
    return text_of(client.post(url, data, follow=True))


# --- Who may see what


@pytest.mark.parametrize(("who", "status"), [*((who, 200) for who in ROLES), ("vera", 403), ("eve", 403)])
def test_accounts_are_for_hr_auditors_and_administrators(request, pages, account, who, status):
    browser = pages(request.getfixturevalue(who))
    made = account(points=1)
    for url in (reverse(LIST), page_of(made), reverse(CHANGES)):
        assert browser.get(url).status_code == status


@pytest.mark.parametrize("where", ["list", "page", "refresh", "history", "change"])
def test_who_may_not_see_personal_data_sees_it_masked_everywhere(pages, hira, audrey, account, where):
    made = account(points=1, **PERSON)
    accounts.refresh(made, by=hira)
    urls = {
        "list": reverse(LIST),
        "page": page_of(made),
        "refresh": reverse("admin:desk_auditentry_changelist"),
        "history": reverse("admin:referrals_referralaccount_history", args=[made.pk]),
        "change": reverse(CHANGES),
    }
    shown = text_of(pages(audrey).get(urls[where]))
    for secret in ("欧阳娜娜", "13800138000", "nana@open"):
        assert secret not in shown
    if where == "page":
        assert "<h1>欧*** <" in shown
    if where in {"list", "page"}:
        assert "欧***" in shown
        assert "欧阳娜娜" not in text_of(pages(hira).get(urls[where]))
    if where == "page":
        assert "<h1>欧阳娜娜 <" in text_of(reveal(pages(hira), urls[where]))


def test_nobody_edits_an_account_or_its_history(pages, django_user_model, account):
    root = pages(django_user_model.objects.create_superuser("root"))
    made = account(points=1)
    change = reverse("admin:referrals_balancechange_change", args=[BalanceChange.objects.get().pk])
    for url in (page_of(made), change):
        assert root.post(url, {"status": 2}).status_code == 403
        assert root.post(url.removesuffix("change/") + "delete/", {"post": "yes"}).status_code == 403


# --- The list


def test_the_list_shows_points_cash_of_every_currency_and_how_fresh_they_are(pages, hira, account):
    made = account(points=1200, CNY="1234.50", USD="0.10")
    shown = text_of(pages(hira).get(reverse(LIST)))
    assert "1,200" in shown
    assert "CNY\u00a01,234.50<br>USD\u00a00.10" in shown
    assert f'<a href="{reverse("admin:inbox_event_change", args=[made.figure_event_id])}">' in shown
    assert "badge-warn" not in shown

    ReferralAccount.objects.update(seen_at=now() - timedelta(days=3))
    assert "badge-warn" in text_of(pages(hira).get(reverse(LIST)))


def found(client, query):
    return {each.account_id for each in client.get(reverse(LIST) + query).context["cl"].result_list}


@pytest.mark.parametrize(
    "query",
    ["6942778", "138 0013 8000", "+86 138-0013-8000", "13800138000", "NANA@open.com", "欧阳", "欧阳娜娜"],
)
def test_an_account_is_found_by_id_mobile_in_any_spelling_email_and_how_the_name_begins(
    pages, hira, account, query
):
    account("6942778", **PERSON)
    account("1", name="娜娜", mobile="+8613800138001", email="na@open.com")
    account("2", name="")
    shown = search(pages(hira), reverse(LIST), query).context["cl"].result_list
    assert {each.account_id for each in shown} == {"6942778"}


def test_who_may_not_see_names_finds_nobody_by_them(pages, audrey, account):
    account("1", **PERSON)
    for term in ("欧", "欧阳娜娜", PERSON["mobile"], PERSON["email"]):
        assert list(search(pages(audrey), reverse(LIST), term).context["cl"].result_list) == []


def test_the_list_is_narrowed_by_status_source_open_withdrawal_open_case_and_age(pages, hira, account):
    plain, off = account("plain"), account("off", status=2)
    event = account("event", source="event")
    old = account("old", points=1)
    ReferralAccount.objects.filter(pk=old.pk).update(seen_at=now() - timedelta(days=3))
    asked(plain, hira)
    Case.objects.create(kind="points", account=off)
    close_case(Case.objects.create(kind="points", account=event), by=hira, note="x")

    browser = pages(hira)
    assert found(browser, "?status__exact=2") == {"off"}
    assert found(browser, "?source__exact=event") == {"event"}
    assert found(browser, "?open_withdrawal=yes") == {"plain"}
    assert found(browser, "?open_case=yes") == {"off"}
    assert found(browser, "?old=yes") == {"old"}


def asked(account, by, **values):
    values = {"external_order_id": f"order-{account.pk}", "takes_points": True, "takes_cash": False, **values}
    return Withdrawal.objects.create(account=account, requested_by=by, **values)


@pytest.mark.parametrize("url", [LIST, CHANGES, "page"])
def test_pages_ask_the_database_as_often_for_many_rows_as_for_few(pages, hira, account, url):
    browser = pages(hira)
    first = account(points=1, CNY="1.00")
    target = page_of(first) if url == "page" else reverse(url)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(target).status_code == 200
        return len(captured)

    browser.get(target)
    few = queries()
    for number in range(5):
        account(points=1 + number, CNY="1.00", USD="2.00")
        tell(first.account_id, points=number, cash={"CNY": "3.00", "EUR": "1.00"}, minutes=1 + number)
        registered = {"state": "registered", "mobile": "1", "created_by": hira, "account": first}
        Registration.objects.create(**registered)
        Case.objects.create(kind="points", account=first)
    asked(first, hira).amounts.create(asset="points", seen=1)
    assert queries() <= few + 1  # the amounts of the withdrawals, once there are any
    assert few <= 30


# --- The page of one account


def test_the_page_shows_the_figures_where_they_came_from_and_every_step(pages, hira, account):
    made = account(points=100, CNY="12.30", **PERSON)
    tell(made.account_id, points=40, cash={"CNY": "12.30"}, minutes=5)
    made.refresh_from_db()
    shown = text_of(reveal(pages(hira), page_of(made)))

    assert '<span class="card-value">40</span>' in shown
    assert '<span class="card-value">12.30</span>' in shown
    assert reverse("admin:inbox_event_change", args=[made.figure_event_id]) in shown
    for text in ("欧阳娜娜", "+8613800138000", "nana@open.com", "−60", "+100", "+12.30"):
        assert text in shown
    assert f"{reverse(CHANGES)}?account__exact={made.pk}" in shown
    assert shown.count("Feishu told of a change") == 3


def test_the_page_shows_the_newest_steps_and_links_to_all_of_them(pages, hira, account, monkeypatch):
    monkeypatch.setattr("referrals.accounts.admin.page.CHANGES_SHOWN", 2)
    made, other = account(points=1), account(points=9)
    for number in (2, 3):
        tell(made.account_id, points=number, minutes=number)
    shown = text_of(pages(hira).get(page_of(made)))
    assert shown.count("Feishu told of a change") == 2
    assert "Only the newest changes are shown here." in shown

    every = pages(hira).get(f"{reverse(CHANGES)}?account__exact={made.pk}").context["cl"].result_list
    assert [(step.account, step.after) for step in every] == [(made, n) for n in (3, 2, 1)]
    assert other not in {step.account for step in every}


def test_the_page_shows_withdrawals_open_cases_and_registrations(pages, hira, account):
    made = account(points=100)
    withdrawal = asked(made, hira)
    withdrawal.amounts.create(asset="points", seen=100)
    case = Case.objects.create(kind="drift", account=made, asset="points", ours=1, theirs=2)
    closed = Case.objects.create(kind="points", account=made)
    close_case(closed, by=hira, note="x")
    registration = Registration.objects.create(
        state="registered", mobile="+8613800138000", created_by=hira, account=made
    )
    shown = text_of(pages(hira).get(page_of(made)))

    for row, model in ((withdrawal, "withdrawal"), (case, "case"), (registration, "registration")):
        assert f'{reverse(f"admin:referrals_{model}_change", args=[row.pk])}"' in shown
    assert "points\u00a0100 seen" in shown
    assert f'{reverse("admin:referrals_case_change", args=[closed.pk])}"' not in shown


def test_a_deactivated_account_with_a_balance_says_what_that_means(pages, hira, account):
    made = account(points=1)
    assert "It can&#x27;t be withdrawn" not in text_of(pages(hira).get(page_of(made)))
    ReferralAccount.objects.update(status=2)
    assert "before the account is enabled again" in text_of(pages(hira).get(page_of(made)))


def test_the_page_says_what_is_on_its_way_and_looks_again_by_itself(pages, hira, account):
    made = account()
    assert not waits(text_of(pages(hira).get(page_of(made))))
    accounts.refresh(made, by=hira)
    shown = text_of(pages(hira).get(page_of(made)))
    assert "Ask for a balance." in shown
    assert waits(shown)


def test_what_an_employee_is_called_is_never_markup(pages, hira, account):
    made = account("1", name="<script>1</script>", points=1)
    for url in (reverse(LIST), page_of(made)):
        assert "<script>1" not in text_of(pages(hira).get(url))


# --- What can be done


@pytest.mark.parametrize(
    ("who", "buttons"),
    [
        ("hira", {"Refresh from Feishu", "Deactivate", "Ask for a withdrawal"}),
        ("ada", {"Refresh from Feishu"}),
        ("audrey", set()),
        ("otto", set()),
    ],
)
def test_the_buttons_are_those_that_the_reader_may_press(request, pages, account, who, buttons):
    shown = text_of(pages(request.getfixturevalue(who)).get(page_of(account(points=1))))
    every = ("Refresh from Feishu", "Enable", "Deactivate", "Ask for a withdrawal")
    assert {button for button in every if f">{button}</" in shown} == buttons


def test_a_deactivated_account_has_the_button_that_enables_it(pages, hira, account):
    shown = text_of(pages(hira).get(page_of(account(status=2))))
    assert ">Enable</button>" in shown
    assert ">Deactivate</button>" not in shown


def test_several_accounts_are_refreshed_at_once(pages, hira, account):
    chosen = [account(), account()]
    assert "done for 2" in confirm(pages(hira), "refresh", *chosen)
    assert Call.objects.filter(operation=accounts.GET_ASSETS, created_by=hira).count() == 2


def test_deactivating_asks_for_a_reason_and_says_first_what_would_be_left(pages, hira, account):
    made, empty = account("12345", points=100, CNY="1.50"), account()
    url = reverse("admin:referrals_referralaccount_staff_action", args=["deactivate"])
    asked_first = text_of(pages(hira).post(url, {ACTION_CHECKBOX_NAME: [made.pk, empty.pk]}))
    assert "There is a balance left" in asked_first
    assert "points\u00a0100<br>CNY\u00a01.50" in asked_first
    assert 'value="Deactivate 2 accounts"' in asked_first
    assert "There is a balance left" not in text_of(pages(hira).post(url, {ACTION_CHECKBOX_NAME: [empty.pk]}))

    assert "There is a balance left" in confirm(pages(hira), "deactivate", made, reason="")
    assert not Call.objects.exists()
    assert "done for 1" in confirm(pages(hira), "deactivate", made)
    assert AuditEntry.objects.get().reason == "because"


def test_deactivating_is_refused_in_words_while_a_withdrawal_is_open(pages, hira, account):
    made, other = account(points=1), account()
    number = asked(made, hira).pk
    told = confirm(pages(hira), "deactivate", made, other)
    assert escape(f"A withdrawal of this account is open (#{number}, waits for approval)") in told
    assert "done for 1" in told
    assert Call.objects.get().target == f"referral_account:{other.account_id}"


def test_a_withdrawal_is_asked_for_on_its_own_page_for_one_or_many(pages, hira, account):
    one, two = account(points=1), account(points=2)
    request_page = reverse("admin:referrals_withdrawal_request")
    assert f'href="{request_page}?account={one.pk}"' in text_of(pages(hira).get(page_of(one)))

    chosen = {"action": "ask_for_withdrawal", ACTION_CHECKBOX_NAME: [one.pk, two.pk]}
    answer = pages(hira).post(reverse(LIST), chosen)
    assert answer.status_code == 302
    assert set(answer.url.removeprefix(f"{request_page}?account=").split(",")) == {str(one.pk), str(two.pk)}


def test_all_balances_are_asked_for_bit_by_bit_not_in_the_request(pages, hira, audrey, account):
    account(queried_at=now())
    account(queried_at=now(), status=2)
    url = reverse("admin:referrals_referralaccount_ask_for_all")

    assert "Ask for all balances" not in text_of(pages(audrey).get(reverse(LIST)))
    assert pages(audrey).post(url).status_code == 403
    assert "Ask for all balances" in text_of(pages(hira).get(reverse(LIST)))
    pages(hira).get(url)
    entries = AuditEntry.objects.exclude(action="was refused a page")
    assert not entries.exists()
    assert "To be asked for: 1 enabled accounts." in text_of(pages(hira).post(url, follow=True))
    assert entries.get().action == "all balances asked for"
    assert not Call.objects.exists()


# --- The list of all changes


def test_changes_are_narrowed_by_cause_asset_and_account(pages, hira, account):
    one = account("111", points=100, CNY="1.00")
    account("222", points=5)
    browser = pages(hira)

    def steps(query):
        rows = browser.get(reverse(CHANGES) + query).context["cl"].result_list
        return {(step.account.account_id, step.asset) for step in rows}

    assert steps("") == {("111", "points"), ("111", "CNY"), ("222", "points")}
    assert steps("?asset=CNY") == {("111", "CNY")}
    assert steps("?cause__exact=call") == set()
    assert steps("?q=222") == {("222", "points")}
    assert steps("?q=22") == set()
    page = text_of(
        browser.get(reverse("admin:referrals_balancechange_change", args=[one.changes.first().pk]))
    )
    assert reverse("admin:inbox_event_change", args=[one.figure_event_id]) in page


def test_amounts_are_exact_to_the_cent(pages, hira, account):
    made = account(CNY="999999999999.99")
    assert made.balances.get().amount == Decimal("999999999999.99")
    assert "CNY\u00a0999,999,999,999.99" in text_of(pages(hira).get(reverse(LIST)))
