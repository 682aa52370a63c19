"""Who is told what in Feishu, and when."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from hireops.database import clock
from hireops.desk import health
from hireops.desk.health import Figure, Metric, Section
from hireops.desk.roles import ROLES
from hireops.jobs import services as jobs
from hireops.jobs.models import Job
from hireops.notices import trimming
from hireops.notices.models import Message, Occasion
from referrals.accounts.sweep import ASK_FOR_ALL
from referrals.models import Ending, Withdrawal
from referrals.payouts import services as payouts
from tests.notices.conftest import MORNING, NIGHT, SITE, Company, words
from tests.referrals import withdrawals
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite

Browsers = Callable[[User], Client]
PAGE = "/account/messages/"


def test_who_may_approve_is_told_once_what_waits_and_never_whose_it_is(
    company: Company, ada: User, hira: User, vera: User
) -> None:
    company.link(ada, hira, vera)
    asked = company.ask(hira)
    company.soon()
    company.soon()

    [message] = company.feishu.state("messages")["messages"]
    text, button = message["card"]["body"]["elements"]
    assert message["employee_id"] == "ou_ada"
    assert words(message["card"]) == "1 payout waits for approval."
    assert set(text["text"]["i18n_content"]) == {"zh_cn", "en_us"}
    address = f"{SITE}/admin/referrals/withdrawal/{asked.pk}/change/"
    assert button["behaviors"] == [{"type": "open_url", "default_url": address}]
    assert asked.account.name not in str(message)
    assert asked.account.account_id not in str(message)


def test_several_things_within_a_minute_are_one_message(company: Company, ada: User, hira: User) -> None:
    company.link(ada)
    for _each in range(3):
        company.ask(hira)
    company.soon()
    company.ask(hira)
    company.soon()

    assert company.got(ada) == ["3 payouts wait for approval.", "1 payout waits for approval."]


def test_nobody_is_told_of_what_only_others_may_decide(company: Company, ada: User, settings: Any) -> None:
    company.link(ada)
    company.ask(ada)
    company.soon()
    assert company.got(ada) == []

    settings.REFERRALS_SELF_APPROVAL = True
    company.ask(ada)
    company.soon()
    assert company.got(ada) == ["1 payout waits for approval."]


def test_a_right_that_is_not_in_effect_yet_is_none(
    company: Company, ada: User, hira: User, eve: User, settings: Any
) -> None:
    settings.PEOPLE_PAYOUT_DELAY_HOURS = 24
    company.link(eve, ada)
    company.ask(hira)
    company.soon()
    eve.groups.add(Group.objects.get(name=ROLES["hr_approver"]))
    company.ask(hira)
    company.soon()

    assert company.got(eve) == []
    assert len(company.got(ada)) == 2


def test_what_was_settled_by_night_is_not_told_in_the_morning(
    company: Company, ada: User, hira: User
) -> None:
    company.link(ada)
    company.clock.set(NIGHT)
    gone, _stays = company.ask(hira), company.ask(hira)
    company.soon()
    assert company.got(ada) == []

    gone.state, gone.decided_by, gone.decided_at = Withdrawal.State.CANCELED, hira, clock.now()
    gone.save(update_fields=["state", "decided_by", "decided_at"])
    company.clock.set(MORNING)
    company.soon()
    assert company.got(ada) == ["1 payout waits for approval."]


def test_the_second_person_of_an_ending_is_told_of_it(company: Company, ada: User, hira: User) -> None:
    company.link(ada, hira)
    unanswered = withdrawals.approved(company.account(), by=hira, approver=ada)
    unanswered.state = Withdrawal.State.UNKNOWN
    unanswered.save(update_fields=["state"])
    outcome = Ending.Outcome.NOT_DONE
    Ending.objects.create(withdrawal=unanswered, outcome=outcome, proposed_by=hira, reason="no answer")
    company.soon()

    assert company.got(ada) == ["1 unanswered payout is to be ended, and waits for a second person."]
    assert company.got(hira) == []


def test_who_has_started_long_work_is_told_how_it_ended(company: Company, hira: User, ada: User) -> None:
    company.link(hira, ada)
    ended = jobs.start(ASK_FOR_ALL, by=hira)
    failed = {"state": Job.State.FAILED, "finished_at": clock.now(), "not_before": None}
    Job.objects.filter(pk=ended.pk).update(**failed)
    company.soon()

    [said] = company.got(hira)
    assert said.endswith("could not be finished.")
    assert company.got(ada) == []


def turn_red(monkeypatch: pytest.MonkeyPatch, *labels: str) -> None:
    figures = [Figure(Metric(label, ""), label, 1, "", tone="bad") for label in labels]
    monkeypatch.setattr(health, "_functions", [(lambda: Section("", figures), True)])


def test_administrators_are_told_once_and_at_night_too_what_has_turned_red(
    company: Company, otto: User, hira: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.link(otto, hira)
    company.clock.set(NIGHT)
    turn_red(monkeypatch, "Worker")
    company.soon()
    turn_red(monkeypatch)
    company.soon()  # it flickers
    turn_red(monkeypatch, "Worker")
    company.soon()
    assert company.got(otto) == ["Red on the Health page: Worker."]
    assert company.got(hira) == []

    turn_red(monkeypatch)
    company.soon()
    company.clock.advance(minutes=20)
    turn_red(monkeypatch, "Worker", "Guards")
    company.soon()
    assert company.got(otto)[1:] == ["Red on the Health page: Worker, Guards."]


def test_who_has_switched_a_kind_off_hears_nothing_of_it(
    company: Company, ada: User, hira: User, client_of: Browsers
) -> None:
    company.link(ada)
    page = client_of(ada).get(PAGE).content.decode()
    assert 'value="to_decide"' in page
    assert 'value="alarm"' not in page  # for administrators only
    client_of(ada).post(PAGE, {"wanted": ["work_ended"]})
    company.ask(hira)
    company.soon()
    assert company.got(ada) == []

    client_of(ada).post(PAGE, {"wanted": ["to_decide", "work_ended"]})
    company.ask(hira)
    company.soon()
    assert company.got(ada) == ["1 payout waits for approval."]


def test_a_test_comes_at_any_hour_and_once_a_minute_but_not_to_who_has_no_feishu_account(
    company: Company, ada: User, eve: User, client_of: Browsers
) -> None:
    company.link(ada)
    company.clock.set(NIGHT)
    for person in (ada, ada, eve):
        client_of(person).post(f"{PAGE}test/")
    company.soon()

    assert company.got(ada) == ["This is a test. Messages of hireops reach you here."]
    assert Message.objects.count() == 1


def test_old_messages_go_and_what_is_still_so_is_not_told_again(
    company: Company, ada: User, hira: User
) -> None:
    company.link(ada)
    company.ask(hira)
    company.soon()
    company.clock.advance(days=200)
    trimming.trim()
    assert not Message.objects.exists()
    assert Occasion.objects.filter(source="payouts to approve").count() == 1

    company.soon()
    assert len(company.got(ada)) == 1


def test_a_rejection_is_told_to_who_asked_and_to_nobody_else(company: Company, ada: User, hira: User) -> None:
    company.link(ada, hira)
    withdrawal = company.ask(hira)
    payouts.reject_withdrawal(withdrawal, by=ada, reason="left the company")
    company.soon()

    assert company.got(hira) == ["1 payout that you asked for was rejected."]
    assert company.got(ada) == []


def test_nothing_is_told_where_messages_are_off(
    company: Company, ada: User, hira: User, settings: Any
) -> None:
    settings.FEISHU_MESSAGES = False
    company.link(ada)
    company.ask(hira)
    assert company.soon() == 0
    assert not Occasion.objects.exists()
