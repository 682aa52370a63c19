"""Who may not see personal data does not find it out by asking cleverly either."""

import re
import time
from html import unescape
from urllib.parse import unquote

import pytest
from django.contrib.admin import site
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse

from hireops.desk.audit import entries_about
from hireops.desk.models import AuditEntry
from referrals.models import Case, Registration
from referrals.payments.services import hand_over
from tests.kept_events import keep_event
from tests.referrals.conftest import BALANCE_EVENT
from tests.referrals.withdrawals import taken
from tests.searching import found, reveal, search

SECRET = "+8613812345674"


@pytest.fixture
def somebody(account, hira):
    made = account(mobile=SECRET, email="z6@open.com")
    Registration.objects.create(
        mobile_given="13812345674",
        mobile=SECRET,
        email="z6@open.com",
        state="ready",
        account=made,
        tenant=made.tenant,
        created_by=hira,
    )
    return made


@pytest.mark.parametrize(
    ("model", "question"),
    [
        ("referrals_referralaccount", {"mobile__startswith": "+861"}),
        ("referrals_referralaccount", {"mobile__gt": "+86138"}),
        ("referrals_referralaccount", {"email__contains": "z6"}),
        ("referrals_referralaccount", {"name__startswith": "张"}),
        ("referrals_referralaccount", {"name__regex": "("}),
        ("referrals_registration", {"mobile_given__contains": "138"}),
        ("referrals_registration", {"account__mobile__startswith": "+861"}),
        ("referrals_withdrawal", {"account__name__startswith": "张"}),
        ("outbox_call", {"payload__mobile__number__startswith": "138"}),
        ("outbox_call", {"answer__account__referrer__mobile__startswith": "138"}),
        ("inbox_event", {"content__payload__event__account_id": "1"}),
    ],
)
def test_no_list_is_filtered_by_columns_that_it_offers_no_filter_for(
    pages, audrey, somebody, model, question
):
    asked = pages(audrey).get(reverse(f"admin:{model}_changelist"), question)
    assert asked.status_code == 400


@pytest.mark.parametrize(
    ("model", "question"),
    [
        ("referrals_referralaccount", {"status__exact": "1"}),
        (
            "referrals_withdrawal",
            {
                "requested_at__gte": "2026-11-01 00:00:00+08:00",
                "requested_at__lt": "2026-12-01 00:00:00+08:00",
            },
        ),
        ("referrals_balancechange", {"account__exact": "1"}),
        ("referrals_case", {"reconciliation__id__exact": "1"}),
        ("outbox_call", {"state__exact": "waiting", "tenant__id__exact": "1"}),
    ],
)
def test_the_filters_and_links_of_the_pages_work(pages, audrey, somebody, model, question):
    assert pages(audrey).get(reverse(f"admin:{model}_changelist"), question).status_code == 200


def test_hr_replays_its_own_events_and_not_those_of_the_vendor(pages, hira, db):
    def event(event_type):
        return keep_event(
            app_id="cli", event_id=event_type, event_type=event_type, tenant_key="t", state="failed"
        )

    for event_type, allowed in [(BALANCE_EVENT, True), ("hire.eco_account.created_v1", False)]:
        failed = event(event_type)
        chosen = {"_selected_action": [failed.pk], "confirmed": "yes", "reason": "mended"}
        pages(hira).post(reverse("admin:inbox_event_staff_action", args=["replay"]), chosen)
        failed.refresh_from_db()
        assert (failed.state == "pending") is allowed


# --- Searching


SEE_PERSONAL_DATA = ("hira", "ada", "otto")
LISTS = ["referrals_referralaccount", "referrals_registration", "referrals_case"]


def page_of(model):
    return reverse(f"admin:{model}_changelist")


@pytest.fixture
def case_of_somebody(somebody):
    return Case.objects.create(kind=Case.Kind.DRIFT, account=somebody)


@pytest.mark.usefixtures("case_of_somebody")
@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize("who", [*SEE_PERSONAL_DATA, "audrey"])
@pytest.mark.parametrize("term", ["138 1234 5674", SECRET, "Z6@open.com"])
def test_only_who_sees_contacts_finds_anybody_by_them(request, pages, model, who, term):
    answer = search(pages(request.getfixturevalue(who)), page_of(model), term)
    assert answer.status_code == 200
    assert bool(found(answer)) is (who in SEE_PERSONAL_DATA)


@pytest.mark.usefixtures("case_of_somebody")
@pytest.mark.parametrize("model", LISTS)
@pytest.mark.parametrize("who", ["hira", "audrey"])
def test_what_stands_in_an_address_finds_nobody_by_a_contact(request, pages, model, who):
    browser = pages(request.getfixturevalue(who))
    for term in (SECRET, "z6@open.com", "张三"):
        assert found(browser.get(page_of(model), {"q": term})) == []


@pytest.mark.parametrize("who", ["vera", "eve"])
@pytest.mark.parametrize("model", LISTS)
def test_who_does_not_see_a_list_does_not_search_it(request, pages, model, who):
    assert search(pages(request.getfixturevalue(who)), page_of(model), SECRET).status_code == 403


def test_no_address_on_the_way_has_what_was_typed(pages, hira, account, monkeypatch):
    monkeypatch.setattr("referrals.accounts.admin.accounts.ReferralAccountAdmin.list_per_page", 1)
    for number in range(3):
        account(f"acct-{number}", name="欧阳娜娜")
    page, browser = page_of("referrals_referralaccount"), pages(hira)
    answer = search(browser, page, "欧阳", status__exact="1")
    listed = answer.redirect_chain[-1][0]
    assert "status__exact=1" in listed
    assert len(found(answer)) == 1
    links = re.findall(r'href="([^"]*)"', answer.text)
    assert [link for link in [listed, *links] if "欧" in unquote(link)] == []
    assert 'value="欧阳"' in answer.text
    following = next(link for link in map(unescape, links) if "p=2" in link)
    other = found(browser.get(page + following))
    assert other
    assert other != found(answer)
    assert found(browser.get(listed)) == found(answer)  # the back button
    assert "欧阳" not in str(dict(browser.session))


def test_a_search_is_of_who_typed_it(pages, hira, ada, somebody):
    page = page_of("referrals_referralaccount")
    listed = search(pages(hira), page, SECRET).redirect_chain[-1][0]
    for address in (listed, f"{page}?q=~nonsense"):
        answer = pages(ada).get(address)
        assert found(answer) == []
        assert "This search is over." in answer.text
        assert SECRET not in answer.text


def test_no_list_is_searched_filtered_or_sorted_by_personal_data(rf, admin_user):
    request = rf.get("/")
    request.user = admin_user
    for model, page in site._registry.items():
        sorts = page.sortable_by or ()
        filters = [each[0] if isinstance(each, tuple) else each for each in page.get_list_filter(request)]
        asked = [*page.search_fields, *getattr(page, "exact_search_fields", ()), *sorts]
        asked += getattr(page, "linked_by", ())
        asked += [each for each in filters if isinstance(each, str)]
        for lookup in asked:
            assert not _is_personal(model, lookup), (model, lookup)


def _is_personal(model, lookup):
    for part in lookup.split("__"):
        if part in getattr(model, "PERSONAL", ()):
            return True
        try:
            model = model._meta.get_field(part).related_model or model
        except FieldDoesNotExist:
            return False
    return False


# --- Seeing somebody in the clear


@pytest.fixture
def everywhere(somebody, case_of_somebody, hira, ada):
    """The pages that show a person, and what of them."""
    withdrawal = taken(somebody, by=hira, approver=ada, CNY="12.30")
    batch = hand_over([withdrawal], by=hira)
    pages_of = {
        "referralaccount": (somebody, SECRET),
        "registration": (Registration.objects.get(), SECRET),
        "case": (case_of_somebody, "张三"),
        "withdrawal": (withdrawal, "张三"),
        "payoutbatch": (batch, "张三"),
    }
    return {
        name: (row, reverse(f"admin:referrals_{name}_change", args=[row.pk]), secret)
        for name, (row, secret) in pages_of.items()
    }


PERSONAL_PAGES = ["referralaccount", "registration", "case", "withdrawal", "payoutbatch"]


@pytest.mark.parametrize("who", ["hira", "ada", "otto", "audrey", "vera"])
@pytest.mark.parametrize("name", PERSONAL_PAGES)
def test_a_person_is_shown_by_one_click_which_is_in_the_audit(request, pages, everywhere, name, who):
    reader = request.getfixturevalue(who)
    browser, (row, page, secret) = pages(reader), everywhere[name]
    at_first = browser.get(page)
    assert secret not in at_first.text
    assert ("Show personal data" in at_first.text) is (who in SEE_PERSONAL_DATA)
    looks = AuditEntry.objects.filter(action="personal data shown", actor=reader)
    shown = reveal(browser, page)
    assert (secret in shown.text) is (who in SEE_PERSONAL_DATA)
    assert shown.status_code == (200 if who in SEE_PERSONAL_DATA else 403)
    assert [entry.target_id for entry in looks] == ([str(row.pk)] if who in SEE_PERSONAL_DATA else [])
    assert secret not in browser.get(page).text
    assert looks.count() == len(looks)


def test_a_look_is_for_one_person_one_row_and_a_few_minutes(request, pages, everywhere, account, monkeypatch):
    hira, ada = (request.getfixturevalue(name) for name in ("hira", "ada"))
    _row, page, secret = everywhere["referralaccount"]
    opened = reveal(pages(hira), page).redirect_chain[-1][0]
    assert secret in pages(hira).get(opened).text
    assert secret not in pages(ada).get(opened).text
    other = account(mobile="+8613900139000")
    other_page = reverse("admin:referrals_referralaccount_change", args=[other.pk])
    assert "13900139000" not in pages(hira).get(f"{other_page}?{opened.partition('?')[2]}").text
    later = time.time() + 301
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert secret not in pages(hira).get(opened).text


def test_a_reason_is_written_where_a_setting_asks_for_one(pages, hira, everywhere, settings):
    settings.PERSONAL_DATA_ASKS_REASON = True
    browser = pages(hira)
    for name in PERSONAL_PAGES:
        row, page, secret = everywhere[name]
        assert 'name="reason"' in browser.get(page).text
        refused = reveal(browser, page, reason="  ")
        assert secret not in refused.text
        assert "write why you need to see it" in refused.text
        assert secret in reveal(browser, page, reason="she has called").text
        assert entries_about(row)[0].reason == "she has called"
    batch = everywhere["payoutbatch"][0]
    file = reverse("admin:referrals_payoutbatch_file", args=[batch.pk, "csv"])
    assert browser.post(file).status_code == 302
    assert SECRET[3:] in browser.post(file, {"reason": "for the bank"}).content.decode()
    assert entries_about(batch)[0].reason == "for the bank"


@pytest.mark.parametrize("who", [*SEE_PERSONAL_DATA, "audrey"])
@pytest.mark.parametrize("name", PERSONAL_PAGES)
def test_lists_are_masked_for_everybody(request, pages, everywhere, name, who):
    answer = pages(request.getfixturevalue(who)).get(reverse(f"admin:referrals_{name}_changelist"))
    assert answer.status_code == 200
    for secret in ("13812345674", "z6@open.com", "张三"):
        assert secret not in answer.text


def test_a_file_is_given_to_who_asks_for_it_and_not_to_who_follows_a_link(pages, hira, everywhere):
    batch = everywhere["payoutbatch"][0]
    answer = pages(hira).get(reverse("admin:referrals_payoutbatch_file", args=[batch.pk, "csv"]))
    assert answer.status_code == 302
    assert [entry.action for entry in entries_about(batch)] == ["withdrawals handed over for payment"]
