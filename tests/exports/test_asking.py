"""Who may take a list along is asked what is in it, why, and at times who they are."""

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from hireops.desk.models import AuditEntry
from hireops.desk.roles import ROLES
from hireops.exports import services
from hireops.exports.models import Export
from hireops.jobs.models import Job
from referrals.models import ReferralAccount
from tests.exports.files import ask, ask_page
from tests.searching import search
from tests.selection import also_on_sqlite

Pages = Callable[[User], Client]
MakeAccount = Callable[..., ReferralAccount]

pytestmark = [also_on_sqlite, pytest.mark.django_db]

LIST = "/admin/referrals/referralaccount/"
IN_THE_CLEAR = {"file_format": "xlsx", "in_the_clear": "on", "reason": "for the tax office"}


def test_the_list_leads_to_a_page_that_says_what_the_file_will_have(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    browser = pages(hira)
    account(status=ReferralAccount.Status.DISABLED)
    account()
    listed = browser.get(f"{LIST}?status__exact=2")
    assert listed.context["export_url"] in listed.content.decode().replace("&amp;", "&")

    page = browser.get(listed.context["export_url"]).content.decode()

    assert "Export 1 row" in page
    assert "deactivated" in page
    assert "Mobile number" in page


def test_what_was_searched_for_is_neither_in_the_address_nor_on_the_page_nor_in_the_audit(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    browser = pages(hira)
    account(mobile="+8613912345678")
    address = search(browser, LIST, "13912345678").context["export_url"]

    page = browser.get(address).content.decode()
    export = ask(browser, at=address)

    assert "13912345678" not in f"{address}{page}{export.address}"
    assert "13912345678" not in str(AuditEntry.objects.values_list("details", "target_label"))


@pytest.mark.parametrize("role", ["administrator", "vendor_operator"])
def test_who_may_not_export_or_not_see_the_list_gets_neither_link_nor_page(
    role: str, eve: User, pages: Pages, account: MakeAccount
) -> None:
    """Administrators see that there are exports; vendor operators export lists of their own."""
    account()
    eve.groups.set([Group.objects.get(name=ROLES[role])])

    assert "/exports/export/ask/" not in pages(eve).get(LIST).content.decode()
    assert pages(eve).get(ask_page()).status_code == 403
    assert pages(eve).post(ask_page(), {"file_format": "csv"}).status_code == 403


def test_lists_of_which_no_file_makes_sense_have_none(hira: User, pages: Pages) -> None:
    assert pages(hira).get(ask_page("people.session")).status_code == 404
    assert pages(hira).get(ask_page("people.nothing")).status_code == 404


def test_personal_data_in_the_clear_needs_a_reason(hira: User, pages: Pages, account: MakeAccount) -> None:
    account()

    page = pages(hira).post(ask_page(), {**IN_THE_CLEAR, "reason": "  "}).content.decode()

    assert "Write why you need personal data in the clear." in page
    assert not Export.objects.exists()


def test_who_may_not_see_personal_data_has_no_choice(hira: User, pages: Pages, account: MakeAccount) -> None:
    account()
    role = Group.objects.get(name=ROLES["hr_officer"])
    role.permissions.remove(role.permissions.get(codename="view_personal_data"))

    page = pages(hira).get(ask_page()).content.decode()
    export = ask(pages(hira), **{**IN_THE_CLEAR, "file_format": "csv"})

    assert 'name="in_the_clear"' not in page
    assert not export.in_the_clear


def test_personal_data_in_the_clear_needs_a_proof_that_is_fresh(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    account()
    hira.set_password("correct horse battery staple")
    hira.save()
    browser = pages(hira)
    session = browser.session
    session["proved_at"] = time.time() - 3600
    session.save()

    page = browser.post(ask_page(), IN_THE_CLEAR).content.decode()
    assert 'id="prove"' in page
    assert "for the tax office" in page
    assert not Export.objects.exists()

    proof = {"proof-password": "correct horse battery staple", "proof-then": ""}
    browser.post(ask_page(), {**IN_THE_CLEAR, **proof})
    assert Export.objects.get().in_the_clear


def test_switching_the_language_keeps_what_was_chosen_and_typed(
    hira: User, pages: Pages, account: MakeAccount
) -> None:
    account()
    browser = pages(hira)
    form = {**IN_THE_CLEAR, "next": ask_page(), "again": "yes", "language": "zh-hans"}

    switched = browser.post(reverse("choose_language"), form)
    assert switched.status_code == 307
    page = browser.post(switched["Location"], form).content.decode()

    assert "checked" in page.partition('name="in_the_clear"')[2].partition(">")[0]
    assert "for the tax office" in page
    assert not Export.objects.exists()


def test_the_audit_says_who_asked_for_what_and_why(hira: User, pages: Pages, account: MakeAccount) -> None:
    account(status=ReferralAccount.Status.DISABLED)
    ask(pages(hira), at=ask_page(status__exact="2"), **IN_THE_CLEAR)

    entry = AuditEntry.objects.get(action="export asked for")

    assert (entry.actor, entry.reason) == (hira, "for the tax office")
    assert entry.details == {
        "list": "referrals.referralaccount",
        "filters": ["Status: deactivated"],
        "format": "xlsx",
        "masked": False,
        "rows": "1",
    }


def test_nobody_has_more_than_a_few_written_at_once(hira: User, pages: Pages, account: MakeAccount) -> None:
    account()
    for _number in range(services.MOST_AT_ONCE):
        ask(pages(hira))

    page = pages(hira).post(ask_page(), {"file_format": "csv"}).content.decode()

    assert "exports of yours are still being written" in page


def test_of_a_list_without_rows_there_is_no_file(hira: User, pages: Pages) -> None:
    page = pages(hira).post(ask_page(), {"file_format": "csv"}).content.decode()
    assert "There is nothing to export." in page


def test_who_asked_can_cancel_it(hira: User, ada: User, pages: Pages, account: MakeAccount) -> None:
    account()
    export = ask(pages(hira))
    cancel = reverse("admin:exports_export_staff_action", args=["cancel"])
    form = {"_selected_action": export.pk, "confirmed": "yes"}

    pages(ada).post(cancel, form)
    export.refresh_from_db()
    assert export.state == Export.State.WORKING

    pages(hira).post(cancel, form)
    export.refresh_from_db()
    assert export.state == Export.State.CANCELED
    assert Job.objects.get().state == Job.State.CANCELED


def test_long_work_names_it_in_words(audrey: User, pages: Pages, hira: User, account: MakeAccount) -> None:
    account()
    ask(pages(hira))

    page = pages(audrey).get("/admin/jobs/job/").content.decode()

    assert "Referral accounts as CSV" in page
