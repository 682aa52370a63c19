"""Two keys, two people: who may approve when, and whose key was lately in other hands."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from hireops.desk.errors import Refused
from hireops.desk.roles import ROLES
from hireops.people import credentials
from referrals.models import Payment, ReferralAccount, Withdrawal
from referrals.payments import recording
from referrals.payments import services as payments
from referrals.payouts import services
from tests.pages import figures_shown
from tests.referrals.withdrawals import handed_over, taken

Pages = Callable[[User], Client]
State = Withdrawal.State


@pytest.fixture(autouse=True)
def _as_outside_the_demo(settings: Any) -> None:
    settings.PEOPLE_PAYOUT_DELAY_HOURS = 24


@pytest.fixture
def withdrawal(account: Callable[..., ReferralAccount], hira: User, ada: User) -> Withdrawal:
    asked = services.request_withdrawal(account(points=100), by=hira, points=True, cash=False, reason="due")
    return Withdrawal.objects.get(pk=asked.pk)


@pytest.fixture
def root(ada: User) -> User:
    return User.objects.create_superuser("root")


def make_approver(person: User) -> User:
    person.groups.add(Group.objects.get(name=ROLES["hr_approver"]))
    return User.objects.get(pk=person.pk)


def address(withdrawal: Withdrawal) -> str:
    return f"/admin/referrals/withdrawal/{withdrawal.pk}/change/"


def approve(browser: Client, withdrawal: Withdrawal) -> Any:
    page, chosen = "/admin/referrals/withdrawal/actions/approve/", {"_selected_action": [withdrawal.pk]}
    figures = figures_shown(browser.post(page, chosen))
    return browser.post(page, {**chosen, "confirmed": "yes", "reason": "checked", "figures": figures})


def state_of(withdrawal: Withdrawal) -> str:
    return Withdrawal.objects.values_list("state", flat=True).get(pk=withdrawal.pk)


def test_who_was_made_an_approver_today_reads_from_when_and_approves_nothing(
    pages: Pages, withdrawal: Withdrawal, eve: User, clock: Any
) -> None:
    browser = pages(make_approver(eve))

    page = browser.get(address(withdrawal)).content.decode()
    assert "Your right to approve payouts takes effect at" in page
    assert "actions/approve/" not in page
    assert approve(browser, withdrawal).status_code == 403
    assert state_of(withdrawal) == State.REQUESTED

    clock.advance(hours=24, minutes=1)
    assert "takes effect at" not in pages(eve).get(address(withdrawal)).content.decode()
    approve(pages(eve), withdrawal)
    assert state_of(withdrawal) == State.APPROVED


def test_who_has_been_an_approver_for_long_reads_nothing_of_that(
    pages: Pages, withdrawal: Withdrawal, ada: User
) -> None:
    assert "takes effect at" not in pages(ada).get(address(withdrawal)).content.decode()
    approve(pages(ada), withdrawal)
    assert state_of(withdrawal) == State.APPROVED


def test_a_superuser_of_today_approves_nothing_either(
    pages: Pages, withdrawal: Withdrawal, root: User
) -> None:
    assert approve(pages(root), withdrawal).status_code == 403
    with pytest.raises(Refused, match="takes effect at"):
        services.approve_withdrawal(withdrawal, by=root, reason="checked")
    assert state_of(withdrawal) == State.REQUESTED


def test_neither_by_a_service_that_no_page_has_asked(withdrawal: Withdrawal, eve: User) -> None:
    with pytest.raises(Refused, match="takes effect at"):
        services.approve_withdrawal(withdrawal, by=make_approver(eve), reason="checked")


def test_handing_over_and_recording_wait_as_well(
    account: Callable[..., ReferralAccount], hira: User, ada: User, eve: User
) -> None:
    due, with_them = (taken(account(points=100), by=hira, approver=ada, points=100) for _ in range(2))
    (payment,) = handed_over(with_them)
    eve.groups.add(Group.objects.get(name=ROLES["hr_officer"]))

    with pytest.raises(Refused, match="Your right to hand over for payment takes effect at"):
        payments.hand_over([due], by=eve)
    with pytest.raises(Refused, match="Your right to record payments takes effect at"):
        recording.record_paid(payment, by=eve, reference="B-1")
    assert Payment.objects.get().state == Payment.State.HANDED_OVER


# --- Whose key was in other hands


@pytest.mark.parametrize("whose", ["hira", "ada"])
def test_the_page_names_who_has_set_a_password_of_who_asks_or_may_decide(
    pages: Pages, withdrawal: Withdrawal, root: User, audrey: User, whose: str
) -> None:
    credentials.set_one_time_password(User.objects.get(username=whose), by=root)

    page = pages(audrey).get(address(withdrawal)).content.decode()
    notice = page[page.index("changed-keys") :].split("</table>")[0]
    assert f"<td>{whose}</td><td>one-time password set</td><td>root</td>" in notice


def test_what_people_change_of_their_own_is_not_named(
    pages: Pages, withdrawal: Withdrawal, ada: User
) -> None:
    credentials.keep(ada, credentials.Kind.PASSWORD, by=ada)

    assert "password changed" not in pages(ada).get(address(withdrawal)).content.decode()


def test_a_password_that_was_set_on_the_server_is_named(
    pages: Pages, withdrawal: Withdrawal, ada: User, audrey: User
) -> None:
    ada.set_password("from the shell, 1")
    ada.save()

    page = pages(audrey).get(address(withdrawal)).content.decode()
    assert "<td>ada</td><td>password changed</td><td>nobody who was signed in" in page


def test_it_is_named_for_seven_days(
    pages: Pages, withdrawal: Withdrawal, root: User, audrey: User, clock: Any
) -> None:
    clock.advance(days=-8)
    credentials.set_one_time_password(withdrawal.requested_by, by=root)
    clock.advance(days=8)
    assert "one-time password set" not in pages(audrey).get(address(withdrawal)).content.decode()

    clock.advance(days=-6)
    credentials.set_one_time_password(withdrawal.requested_by, by=root)
    clock.advance(days=6)
    assert "one-time password set" in pages(audrey).get(address(withdrawal)).content.decode()


def test_credentials_of_others_are_not_named(
    pages: Pages, withdrawal: Withdrawal, root: User, vera: User, hira: User
) -> None:
    credentials.set_one_time_password(vera, by=root)

    assert "vera" not in pages(hira).get(address(withdrawal)).content.decode()


def test_what_comes_after_the_decision_is_not_about_it(
    pages: Pages, withdrawal: Withdrawal, ada: User, root: User, audrey: User
) -> None:
    services.approve_withdrawal(withdrawal, by=ada, reason="checked")
    credentials.set_one_time_password(ada, by=root)

    assert "one-time password set" not in pages(audrey).get(address(withdrawal)).content.decode()


def test_nobody_is_warned_of_oneself_and_of_what_has_ended(
    pages: Pages, withdrawal: Withdrawal, ada: User, root: User, audrey: User
) -> None:
    credentials.set_one_time_password(ada, by=root)

    assert "changed-keys" in pages(audrey).get(address(withdrawal)).content.decode()
    assert "changed-keys" not in pages(ada).get(address(withdrawal)).content.decode()
    services.reject_withdrawal(withdrawal, by=ada, reason="not due")
    assert "changed-keys" not in pages(audrey).get(address(withdrawal)).content.decode()


def test_who_has_lately_been_given_the_right_is_named_with_who_gave_it(
    pages: Pages, withdrawal: Withdrawal, eve: User, otto: User, ada: User
) -> None:
    groups = [Group.objects.get(name=ROLES["hr_approver"]).pk]
    sent = {"username": "eve", "is_active": "on", "groups": groups}
    pages(otto).post(f"/admin/auth/user/{eve.pk}/change/", sent)

    page = pages(ada).get(address(withdrawal)).content.decode()
    notice = page[page.index("changed-keys") :].split("</table>")[0]
    assert "<td>eve</td><td>was given the right to approve, from" in notice
    assert "</td><td>otto</td>" in notice


def test_who_approves_reads_it_once_more_before_it_is_done(
    pages: Pages, withdrawal: Withdrawal, root: User, ada: User, hira: User
) -> None:
    credentials.set_one_time_password(hira, by=root)
    sent = {"_selected_action": [withdrawal.pk]}

    asked = pages(ada).post("/admin/referrals/withdrawal/actions/approve/", sent).content.decode()

    assert "<td>hira</td><td>one-time password set</td><td>root</td>" in asked
