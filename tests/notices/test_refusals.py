"""What becomes of a message that Feishu does not take, and of what it had to tell."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client

from hireops.notices import tasks
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import Reason
from referrals.models import Withdrawal
from tests.in_this_process import drain
from tests.notices.conftest import Company, states

Browsers = Callable[[User], Client]
MESSAGES = "/open-apis/im/v1/messages"
WAITS = "1 payout waits for approval."
State = Call.State


@pytest.fixture
def approvers(company: Company, ada: User) -> list[User]:
    people = [ada, *(User.objects.create_user(f"approver{number}", is_staff=True) for number in range(3))]
    for person in people[1:]:
        person.groups.set(ada.groups.all())
    company.link(*people)
    return people


def shown(browser: Client, path: str) -> str:
    browser.cookies["django_language"] = "en"
    return browser.get(path).content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize("code", [230006, 230027, 99991672, 99991401])
def test_an_app_that_may_not_send_is_one_refused_call_an_hour_until_all_are_told(
    company: Company, approvers: list[User], hira: User, code: int
) -> None:
    company.feishu.add_fault("refused", path=MESSAGES, code=code, http_status=400, calls=2)
    company.ask(hira)
    company.soon()
    company.soon()
    assert states() == [State.REFUSED]

    company.clock.advance(hours=1)
    company.soon()
    assert states() == [State.REFUSED] * 2

    company.clock.advance(hours=1)
    company.soon()
    assert [company.got(person) for person in approvers] == [[WAITS]] * 4


def test_a_person_whom_feishu_does_not_know_is_tried_once_and_keeps_nobody_from_being_told(
    company: Company, approvers: list[User], hira: User
) -> None:
    SocialAccount.objects.filter(user=approvers[0]).update(uid="ou_of_another_app")
    company.ask(hira)
    company.soon()
    company.soon()

    assert states() == [State.REFUSED, *[State.SUCCEEDED] * 3]


def test_administrators_read_on_health_that_the_app_may_not_send(
    company: Company, ada: User, hira: User, otto: User, client_of: Browsers
) -> None:
    company.link(ada)
    company.feishu.switch(bot_off=True)
    company.ask(hira)
    company.soon()
    page = shown(client_of(otto), "/admin/health/")
    assert "The app has no bot." in page

    company.feishu.switch(bot_off=False)
    company.clock.advance(hours=1)
    company.soon()
    assert "The app has no bot." not in shown(client_of(otto), "/admin/health/")


def test_a_bot_that_is_switched_off_in_between_refuses_the_first_and_is_spared_the_others(
    company: Company, approvers: list[User], hira: User
) -> None:
    company.ask(hira)
    company.soon()
    company.feishu.switch(bot_off=True)
    company.ask(hira)
    company.soon()

    assert states()[len(approvers) :] == [State.REFUSED, *[State.CANCELED] * 3]


def test_who_is_out_of_range_is_left_alone_until_a_test_arrives(
    company: Company, ada: User, hira: User, otto: User, client_of: Browsers
) -> None:
    company.link(ada)
    company.feishu.set_range("ou_ada", in_range=False)
    for _each in range(2):
        company.ask(hira)
        company.soon()
    assert states() == [State.REFUSED]
    page, note = f"/admin/auth/user/{ada.pk}/change/", "does not let the app's bot reach this person"
    assert note in shown(client_of(otto), page)

    company.feishu.set_range("ou_ada", in_range=True)
    client_of(ada).post("/account/messages/test/")
    drain()
    company.ask(hira)
    company.soon()
    assert company.got(ada)[-1] == WAITS
    assert note not in shown(client_of(otto), page)


def test_a_lost_answer_brings_no_second_message(company: Company, ada: User, hira: User) -> None:
    company.link(ada)
    company.feishu.add_fault("cut", path=MESSAGES, when="after")
    company.ask(hira)
    company.soon()
    company.clock.advance(minutes=2)
    drain()

    assert (states(), Attempt.objects.count()) == ([State.SUCCEEDED], 2)
    assert company.got(ada) == [WAITS]


def test_what_could_not_be_told_within_fifty_minutes_waits_for_nobody(
    company: Company, ada: User, hira: User
) -> None:
    company.link(ada)
    company.feishu.add_fault("cut", path=MESSAGES, calls=1000)
    company.ask(hira)
    company.soon()
    for _look in range(13):
        company.clock.advance(minutes=4)
        drain()

    call = Call.objects.get(operation="message.create")
    assert (call.state, call.reason) == (State.CANCELED, Reason.OLD_NEWS)
    assert company.got(ada) == []


def test_a_message_that_has_become_pointless_before_it_leaves_is_not_sent(
    company: Company, ada: User, hira: User
) -> None:
    company.link(ada)
    asked = company.ask(hira)
    tasks.tell_staff()
    company.clock.advance(61)
    tasks.tell_staff()
    asked.state, asked.decided_by, asked.decided_at = Withdrawal.State.CANCELED, hira, company.clock.now()
    asked.save(update_fields=["state", "decided_by", "decided_at"])
    tasks.tell_staff()
    drain()

    call = Call.objects.get(operation="message.create")
    assert (call.state, call.reason) == (State.CANCELED, Reason.NOT_WANTED)
    assert company.got(ada) == []


def test_feishu_takes_five_messages_a_second_to_one_person_and_only_cards_that_it_knows(
    company: Company, ada: User
) -> None:
    company.link(ada)

    def send(**card: Any) -> int:
        element = {"tag": "div", "text": {"tag": "plain_text", "content": "?"}}
        content = json.dumps({"schema": "2.0", "body": {"elements": [element]}, **card})
        body = {"receive_id": "ou_ada", "msg_type": "interactive", "content": content}
        answer = company.feishu.call("POST", f"{MESSAGES}?receive_id_type=open_id", body)
        return int(answer.json()["code"])

    assert send(i18n_elements={}) == 230001
    assert [send() for _each in range(6)] == [*[0] * 5, 99991400]
