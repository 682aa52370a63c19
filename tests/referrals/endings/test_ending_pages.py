"""What staff see before a withdrawal is ended unanswered, and what they can do on the pages."""

import re
from typing import Any

import pytest
from django.utils.html import escape

from hireops.database import clock as database_clock
from referrals.endings import services as endings
from referrals.models import Case, Ending
from tests.pages import waits
from tests.referrals.conftest import tell
from tests.referrals.endings.conftest import now_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LIST = "/admin/referrals/ending/"


def page_of(withdrawal: Any) -> str:
    return f"/admin/referrals/withdrawal/{withdrawal.pk}/change/"


def add_page(withdrawal: Any) -> str:
    return f"{LIST}add/?withdrawal={withdrawal.pk}"


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", answer.content.decode())


def act(client: Any, action: str, ending: Ending, **sent: str) -> Any:
    sent = {"_selected_action": str(ending.pk), "confirmed": "yes", **sent}
    return client.post(f"{LIST}actions/{action}/", sent, follow=True)


def test_from_the_page_of_the_withdrawal_to_its_end(
    unanswered: Any, later: Any, pages: Any, hira: Any, ada: Any
) -> None:
    withdrawal = unanswered()
    officer, approver = pages(hira), pages(ada)
    assert f"{LIST}add/?withdrawal={withdrawal.pk}" in text_of(officer.get(page_of(withdrawal)))
    page = text_of(officer.get(add_page(withdrawal)))
    assert "The evidence is not complete yet" in page
    assert 'name="ask"' in page
    assert 'name="propose"' not in page
    officer.post(add_page(withdrawal), {"ask": "1"})
    assert waits(text_of(officer.get(add_page(withdrawal))))
    later(1)
    page = text_of(officer.get(add_page(withdrawal)))
    assert "nothing says that Feishu has done it" in page
    assert not waits(page)
    for attempt in withdrawal.call.attempts.all():
        assert attempt.log_id in page
    assert "1002553" in page
    assert withdrawal.external_order_id in page
    assert text_of(officer.post(add_page(withdrawal), {"propose": "1", "reason": " "})).count("required")
    assert not Ending.objects.exists()
    officer.post(add_page(withdrawal), {"propose": "1", "reason": "refused for days"})
    proposal = Ending.objects.get()
    assert "Unanswered payouts to be ended" in text_of(approver.get("/admin/"))
    assert "Unanswered payouts to be ended" not in text_of(officer.get("/admin/"))
    own = text_of(officer.get(f"{LIST}{proposal.pk}/change/"))
    assert "somebody else has to confirm it" in own
    assert "actions/confirm/" not in own
    assert "actions/take_back/" in own
    assert act(officer, "confirm", proposal, reason="seen").status_code == 403
    theirs = text_of(approver.get(f"{LIST}{proposal.pk}/change/"))
    assert "actions/confirm/" in theirs
    asked = approver.post(f"{LIST}actions/confirm/", {"_selected_action": proposal.pk})
    assert withdrawal.call.attempts.latest("pk").log_id in text_of(asked)
    assert "This field is required" in text_of(act(approver, "confirm", proposal, reason=""))
    act(approver, "confirm", proposal, reason="looked in Feishu Hire")
    assert now_of(withdrawal).state == "not_done"
    page = text_of(officer.get(page_of(withdrawal)))
    for text in ("two people have ended it as not done", "refused for days", "looked in Feishu Hire"):
        assert text in page
    kept = text_of(officer.get(f"{LIST}{proposal.pk}/change/"))
    assert "100.00 seen when asking, 100.00 at Feishu then" in kept


def test_without_evidence_it_is_not_offered_and_what_was_typed_is_kept(
    proven: Any, later: Any, pages: Any, hira: Any, ada: Any
) -> None:
    withdrawal = proven()
    proposal = endings.propose_not_done(withdrawal, by=hira, reason="refused for days")
    approver = pages(ada)
    page = text_of(approver.get(f"{LIST}{proposal.pk}/change/"))
    assert "hireops does not ask Feishu for this withdrawal again before" in page
    assert "so that two people can end it" in text_of(approver.get(page_of(withdrawal)))
    assert "actions/confirm/" in page
    later(endings.PAUSED_WHILE_PROPOSED.total_seconds() + 1)  # asked for once more meanwhile
    page = text_of(approver.get(f"{LIST}{proposal.pk}/change/"))
    assert "actions/confirm/" not in page
    assert "has told no balance that was asked for after" in page
    page = text_of(act(approver, "confirm", proposal, reason="looked for an hour"))
    assert "looked for an hour</textarea>" in page
    assert "has told no balance that was asked for after" in page
    again = {"left_out": str(proposal.pk), "reason": "looked for an hour"}
    approver.post(f"{LIST}actions/ask_for_evidence/", {"_selected_action": proposal.pk, "confirmed": "yes"})
    later(1)
    page = text_of(approver.post(f"{LIST}actions/confirm/", again))
    assert "looked for an hour</textarea>" in page
    assert 'name="confirmed" value="yes"' in page
    act(approver, "confirm", proposal, reason="looked for an hour")
    assert now_of(withdrawal).state == "not_done"


def test_what_was_typed_stays_while_missing_evidence_is_asked_for(
    unanswered: Any, pages: Any, hira: Any
) -> None:
    withdrawal = unanswered()
    page = text_of(pages(hira).post(add_page(withdrawal), {"ask": "1", "reason": "refused for days"}))
    assert "refused for days</textarea>" in page


def test_what_speaks_against_it_is_told_and_has_to_be_ticked(proven: Any, pages: Any, hira: Any) -> None:
    withdrawal = proven(done=True)
    officer = pages(hira)
    page = text_of(officer.get(add_page(withdrawal)))
    assert "This says that Feishu has probably done it" in page
    officer.post(add_page(withdrawal), {"propose": "1", "reason": "because"})
    assert not Ending.objects.exists()
    officer.post(add_page(withdrawal), {"propose": "1", "reason": "taken back", "in_spite": "on"})
    assert Ending.objects.get().evidence["against"] > 0


def test_what_turned_out_done_is_led_to_its_payment(ended: Any, pages: Any, hira: Any, ada: Any) -> None:
    withdrawal = ended(cash=False)
    tell(withdrawal.account.account_id, points=0, cash={"CNY": "12.30"}, at=database_clock.now())
    case = Case.objects.get(kind=Case.Kind.TURNED_OUT)
    officer, approver = pages(hira), pages(ada)
    assert "it was done after all" in text_of(officer.get(f"/admin/referrals/case/{case.pk}/change/"))
    assert "See what it is" in text_of(officer.get(page_of(withdrawal)))
    assert "It seems to have taken points 100" in text_of(officer.get(add_page(withdrawal)))
    officer.post(add_page(withdrawal), {"propose": "1", "reason": "the rewards read paid"})
    proposal = Ending.objects.get(outcome="taken")
    assert "points 100" in text_of(approver.get(f"{LIST}{proposal.pk}/change/"))
    act(approver, "confirm", proposal, reason="seen")
    assert now_of(withdrawal).state == "taken"
    assert str(withdrawal.pk) in text_of(officer.get("/admin/referrals/payoutbatch/prepare/"))


def test_it_can_be_declined_and_taken_back(proven: Any, pages: Any, hira: Any, ada: Any) -> None:
    withdrawal = proven()
    first = endings.propose_not_done(withdrawal, by=hira, reason="refused")
    act(pages(ada), "decline", first, reason="ask their support first")
    second = endings.propose_not_done(withdrawal, by=hira, reason="refused")
    act(pages(hira), "ask_for_evidence", second)
    act(pages(hira), "take_back", second)
    assert [each.state for each in Ending.objects.order_by("pk")] == ["declined", "canceled"]
    assert escape("ask their support first") in text_of(pages(hira).get(f"{LIST}{first.pk}/change/"))


def test_the_list_begins_nothing_and_calls_what_two_have_confirmed_by_its_chinese_name(
    ended: Any, pages: Any, hira: Any
) -> None:
    ended()
    officer = pages(hira)
    officer.cookies["django_language"] = "zh-hans"
    page = text_of(officer.get(LIST))
    assert f"{LIST}add/" not in page
    assert "已确认" in page
    assert "确认时间" not in page


@pytest.mark.parametrize("query", ["", "?withdrawal=", "?withdrawal=x", "?withdrawal=99999999999999999999"])
def test_an_address_without_a_withdrawal_leads_to_the_list(
    db: None, pages: Any, hira: Any, query: str
) -> None:
    answer = pages(hira).get(f"{LIST}add/{query}")
    assert (answer.status_code, answer.url) == (302, LIST)


@pytest.fixture
def others(vera: Any, eve: Any, audrey: Any, otto: Any) -> list[Any]:
    return [vera, eve, audrey, otto]


def test_who_has_nothing_to_do_with_payouts_ends_nothing(
    proven: Any, pages: Any, hira: Any, others: list[Any]
) -> None:
    withdrawal = proven()
    proposal = endings.propose_not_done(withdrawal, by=hira, reason="refused")
    for person in others:
        client = pages(person)
        assert client.get(add_page(withdrawal)).status_code == 403
        assert client.post(add_page(withdrawal), {"ask": "1"}).status_code == 403
        for action in ("confirm", "decline", "take_back", "ask_for_evidence"):
            assert act(client, action, proposal, reason="x").status_code == 403
    for person in others[:2]:
        assert pages(person).get(LIST).status_code == 403
        assert pages(person).get(f"{LIST}{proposal.pk}/change/").status_code in {302, 403}
    assert now_of(withdrawal).state == "unknown"
