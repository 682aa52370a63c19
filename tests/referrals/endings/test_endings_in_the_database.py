"""What nobody can do to endings, not even with SQL: end a withdrawal alone, or send a dead order again."""

from typing import Any

import pytest

from hireops.database import clock
from hireops.desk import invariants
from hireops.outbox.models import Call
from referrals.models import Ending, ReferralAccount, SelfApproval, Withdrawal
from tests.referrals.raw_sql import columns_of, execute, refused
from tests.referrals.withdrawals import approved, take_guards_from
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

TABLE, ENDING = "referrals_withdrawal", "referrals_ending"


@pytest.fixture
def unknown(account: Any) -> Withdrawal:
    """Its call is over."""
    withdrawal = approved(account(points=100))
    Call.objects.filter(withdrawal=withdrawal).update(reason="never_again")
    withdrawal.state = Withdrawal.State.UNKNOWN
    withdrawal.save(update_fields=["state"])
    return withdrawal


@pytest.fixture
def proposal(unknown: Withdrawal, hira: Any) -> Ending:
    return Ending.objects.create(
        withdrawal=unknown, outcome="not_done", proposed_by=hira, reason="refused", evidence={"against": 0}
    )


def confirm(ending: Ending, by: Any) -> None:
    sent = "state = 'confirmed', decided_by_id = %s, decided_at = %s, decision_reason = 'seen'"
    assert execute(f"UPDATE {ENDING} SET {sent} WHERE id = %s", by.pk, clock.now(), ending.pk) == 1


def end(withdrawal: Withdrawal) -> None:
    assert execute(f"UPDATE {TABLE} SET state = 'not_done' WHERE id = %s", withdrawal.pk) == 1


@pytest.fixture
def ended(proposal: Ending, ada: Any) -> Withdrawal:
    confirm(proposal, ada)
    end(proposal.withdrawal)
    return proposal.withdrawal


def test_no_withdrawal_is_ended_before_a_second_person_has_confirmed_it(
    unknown: Withdrawal, proposal: Ending, ada: Any
) -> None:
    statement = f"UPDATE {TABLE} SET state = 'not_done' WHERE id = %s"
    refused("withdrawal_not_done_is_said_by_two", statement, unknown.pk)
    confirm(proposal, ada)
    end(unknown)


@pytest.mark.parametrize("left", ["pending", "waiting"])
def test_none_is_ended_while_its_order_may_still_be_sent(
    account: Any, hira: Any, ada: Any, left: str
) -> None:
    unknown = approved(account(points=100))
    execute(f"UPDATE {TABLE} SET state = 'unknown' WHERE id = %s", unknown.pk)
    proposal = Ending.objects.create(
        withdrawal=unknown, outcome="not_done", proposed_by=hira, reason="refused"
    )
    Call.objects.filter(withdrawal=unknown).update(state=left, finished_at=None, reason="later")
    confirm(proposal, ada)
    statement = f"UPDATE {TABLE} SET state = 'not_done' WHERE id = %s"
    refused("withdrawal_not_done_is_said_by_two", statement, unknown.pk)


def test_who_proposed_it_does_not_confirm_it(proposal: Ending, hira: Any) -> None:
    sent = "state = 'confirmed', decided_by_id = %s, decided_at = %s, self_approved = %s"
    statement = f"UPDATE {ENDING} SET {sent} WHERE id = %s"
    refused("ending_confirmed_by_another|ending_is_confirmed", statement,
            hira.pk, clock.now(), False, proposal.pk)  # fmt: skip
    refused("ending_is_confirmed_by_another", statement, hira.pk, clock.now(), True, proposal.pk)
    SelfApproval.objects.create(withdrawal=proposal.withdrawal)
    assert execute(statement, hira.pk, clock.now(), True, proposal.pk) == 1


def test_a_dead_order_is_never_to_be_sent_again(ended: Any) -> None:
    back = "UPDATE outbox_call SET state = %s, finished_at = NULL WHERE id = %s"
    for state in ("pending", "waiting"):
        refused("call_that_is_never_sent_again_has_ended", back, state, ended.call_id)
    refused(
        "call_that_is_never_sent_again_has_ended",
        "UPDATE outbox_call SET reason = '' WHERE id = %s",
        ended.call_id,
    )
    # A late answer is no sending.
    Call.objects.filter(pk=ended.call_id).update(answer={"late": 1}, state="pending", finished_at=None)


def test_one_that_was_ended_is_taken_only_by_an_answer_or_by_two(
    ended: Withdrawal, hira: Any, ada: Any
) -> None:
    now = clock.now()
    ended.amounts.create(asset="points", seen=0, taken=5)
    taken = f"UPDATE {TABLE} SET state = 'taken', trans_time = %s, answered_at = %s WHERE id = %s"
    refused("withdrawal_not_done_turned_out_done", taken, now, now, ended.pk)
    again = Ending.objects.create(
        withdrawal=ended, outcome="taken", proposed_by=hira, reason="?", trans_time=now, taken={"points": "5"}
    )
    refused("withdrawal_not_done_turned_out_done", taken, now, now, ended.pk)
    confirm(again, ada)
    assert execute(taken, now, now, ended.pk) == 1


@pytest.mark.parametrize("state", ["requested", "approved", "unknown", "refused", "rejected", "paid"])
def test_no_other_step_leads_on(ended: Any, state: str) -> None:
    refused("withdrawal", f"UPDATE {TABLE} SET state = %s WHERE id = %s", state, ended.pk)


@pytest.mark.parametrize(
    "change", ["reason = 'another'", "outcome = 'taken'", "decision_reason = 'x'", "state = 'proposed'",
               "evidence = '{}'", "proposed_by_id = decided_by_id"]
)  # fmt: skip
def test_what_was_said_stays(ended: Any, change: str) -> None:
    ending = Ending.objects.get()
    kept = columns_of(ending)
    refused("ending", f"UPDATE {ENDING} SET {change} WHERE id = %s", ending.pk)
    refused("ending_stays", f"DELETE FROM {ENDING} WHERE id = %s", ending.pk)
    assert columns_of(ending) == kept


def test_none_begins_confirmed(unknown: Withdrawal, hira: Any, ada: Any) -> None:
    with pytest.raises(Exception, match="ending_begins_as_proposed"):
        Ending.objects.create(
            withdrawal=unknown, outcome="not_done", proposed_by=hira, reason="?", state="confirmed",
            decided_by=ada, decided_at=clock.now(),
        )  # fmt: skip


def test_what_an_owner_of_the_database_has_bent_is_found(unknown: Withdrawal, account: Any) -> None:
    take_guards_from(TABLE)
    take_guards_from("outbox_call")
    Call.objects.filter(withdrawal=unknown).update(state="pending", finished_at=None)
    end(unknown)
    told = " ".join(sentence for _name, sentence in invariants.broken())
    assert "was ended as not done, but not by two people" in told
    assert "its order may still be sent" in told
    assert ReferralAccount.objects.count() == 1
