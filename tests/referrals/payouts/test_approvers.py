"""An approver can be away: a withdrawal says who else could approve it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from hireops.desk.roles import ROLES
from referrals.models import ReferralAccount, Withdrawal
from referrals.payouts import services

Pages = Callable[[User], Client]


def approver(username: str, name: str) -> User:
    person = User.objects.create_user(username, last_name=name, is_staff=True)
    person.groups.add(Group.objects.get(name=ROLES["hr_approver"]))
    return person


@pytest.fixture
def withdrawal(account: Callable[..., ReferralAccount], hira: User) -> Withdrawal:
    return services.request_withdrawal(account(points=9), by=hira, points=True, cash=False, reason="due")


def said(browser: Client, withdrawal: Withdrawal) -> str:
    page = browser.get(f"/admin/referrals/withdrawal/{withdrawal.pk}/change/")
    return str(page.context["approvers"])


@pytest.fixture(autouse=True)
def _as_outside_the_demo(settings: Any) -> None:
    settings.PEOPLE_PAYOUT_DELAY_HOURS = 24


def test_it_names_everybody_whose_right_counts_today_but_who_has_asked(
    pages: Pages, withdrawal: Withdrawal, hira: User, ada: User, clock: Any
) -> None:
    approver("fang", "王芳")
    approver("fang2", "王芳")
    hira.groups.add(Group.objects.get(name=ROLES["hr_approver"]))
    left = approver("lei", "李雷")
    clock.advance(hours=25)
    left.is_active = False
    left.save()
    approver("min", "韩梅梅")

    words = said(pages(hira), withdrawal)

    assert words.startswith("It can be approved by: ada, 王芳 (fang), 王芳 (fang2). 韩梅梅 can from 20")
    services.reject_withdrawal(withdrawal, by=ada, reason="no")
    assert said(pages(hira), withdrawal) == ""


def test_where_there_is_nobody_it_says_what_to_do_also_to_who_tries_it_himself(
    pages: Pages, withdrawal: Withdrawal, hira: User, clock: Any
) -> None:
    hira.groups.add(Group.objects.get(name=ROLES["hr_approver"]))
    clock.advance(hours=25)
    what_to_do = "Nobody else can approve it today. Ask an administrator"

    assert said(pages(hira), withdrawal).startswith(what_to_do)
    chosen = {"_selected_action": [withdrawal.pk], "confirmed": "yes", "reason": "mine"}
    answer = pages(hira).post("/admin/referrals/withdrawal/actions/approve/", chosen, follow=True)
    assert what_to_do in answer.content.decode()


def test_who_asked_and_who_decided_are_told_apart_although_they_have_one_name(
    pages: Pages, withdrawal: Withdrawal, hira: User, clock: Any
) -> None:
    hira.last_name = "王芳"
    hira.save()
    namesake = approver("fang", "王芳")
    clock.advance(hours=25)
    services.reject_withdrawal(withdrawal, by=namesake, reason="no")

    page = pages(hira).get(f"/admin/referrals/withdrawal/{withdrawal.pk}/change/")

    assert [step.who for step in page.context["steps"]] == ["王芳 (hira)", "王芳 (fang)"]
    for person in ("王芳 (hira)", "王芳 (fang)"):
        assert f"<dd>{person}, 20" in page.content.decode()
