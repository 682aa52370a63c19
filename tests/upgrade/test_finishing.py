"""What was begun before an upgrade is finished after it, by workers and by staff."""

import io

import pytest

from tests.selection import also_on_sqlite
from tests.simulator_process import Simulator
from tests.upgrade.people import Person, hidden_field, proves, rows, work
from tests.upgrade.story import SELF_APPROVED, UNKNOWN_TO_FEISHU

pytestmark = [also_on_sqlite, pytest.mark.slow]


@pytest.mark.parametrize("command", ["check_invariants", "prove_balances"])
def test_the_promises_hold(feishu: Simulator, command):
    proves(command)


def withdrawal(name):
    return rows("referrals.Withdrawal", account__name=name).get()


def payments(name):
    return rows("referrals.Payment", amount__withdrawal__account__name=name)


def withdrawn_at(simulator):
    return {each["external_order_id"] for each in simulator.state("withdrawals")["withdrawals"].values()}


@pytest.mark.parametrize(
    "name", ["approved", "unknown"], ids=["whose call was still owed", "without an answer"]
)
def test_an_approved_withdrawal_is_taken_once(feishu: Simulator, name):
    done = withdrawal(name)
    assert done.state == "taken"
    assert done.external_order_id in withdrawn_at(feishu)
    assert {amount.asset: amount.taken for amount in done.amounts.all()} == {
        amount.asset: amount.seen for amount in done.amounts.all()
    }
    assert done.call.attempts.filter(outcome="success").count() == 1


def test_a_requested_withdrawal_is_approved_and_taken(feishu: Simulator, hira: Person, ada: Person):
    asked = withdrawal("requested")
    ada.act("referrals.Withdrawal", "approve", asked.pk)
    work()
    assert withdrawal("requested").state == "taken"
    assert asked.external_order_id in withdrawn_at(feishu)


@pytest.mark.parametrize("name", ["to be handed over", SELF_APPROVED])
def test_what_was_taken_is_handed_over(hira: Person, name):
    hand_over(hira, name)
    assert withdrawal(name).state == "handed_over"
    assert {payment.sum for payment in payments(name)} == {
        amount.taken for amount in withdrawal(name).amounts.all()
    }


def test_the_file_of_a_batch_still_says_whom_to_pay(hira: Person):
    batch = payments("handed over").first().batch
    file = hira.see(f"referrals/payoutbatch/{batch.pk}/file/csv/")
    for payment in batch.payments.all():
        account = payment.amount.withdrawal.account
        (line,) = (line for line in file.splitlines() if payment.payment_id in line)
        assert account.name in line
        assert account.email in line


def test_what_came_back_is_handed_over_again_under_new_payment_ids(hira: Person):
    before = {payment.payment_id for payment in payments("bounced")}
    hand_over(hira, "bounced")
    assert withdrawal("bounced").state == "handed_over"
    after = {payment.payment_id for payment in payments("bounced")}
    assert before < after
    assert len(after) == 2 * len(before)


def hand_over(person, name):
    chosen = {"withdrawal": [withdrawal(name).pk], "note": "after the upgrade", "confirmed": "yes"}
    person.submit("referrals/payoutbatch/prepare/", **chosen)


def test_results_of_a_batch_are_recorded_from_the_file_of_the_paying_side(hira: Person):
    batch = payments("handed over").latest("pk").batch
    lines = ["payment_id,result,reference,reason"]
    lines += [f"{each.payment_id},paid,BANK-{each.pk}," for each in payments("handed over")]
    lines += [f"{each.payment_id},bounced,,no such card" for each in payments("also handed over")]
    file = io.BytesIO("\n".join(lines).encode())
    file.name = "results.csv"
    page = f"referrals/payoutbatch/{batch.pk}/results/"
    hira.submit(page, kept=hidden_field(hira.see(page, file=file), "kept"))
    assert withdrawal("handed over").state == "paid"
    assert withdrawal("also handed over").state == "bounced"


# --- Imports


def imported(name):
    return rows("referrals.RegistrationImport", file_name=name).get()


def states_of(batch):
    found = rows("referrals.Registration", batch=batch).values_list("line", "state")
    return {line: state for line, state in found if state != "registered"}


def test_an_import_half_sent_is_sent_to_its_end_and_nobody_is_registered_twice(feishu: Simulator):
    batch = imported("half sent.csv")
    assert batch.state == "done"
    assert batch.rows == 55
    assert states_of(batch) == {}
    accounts = (
        rows("referrals.Registration", batch=batch).exclude(account=None).values_list("account", flat=True)
    )
    assert len(set(accounts)) == 55


@pytest.mark.parametrize("name", ["uploaded", "checked by a worker that died"])
def test_an_import_that_was_not_checked_is_checked_confirmed_and_sent(hira: Person, name):
    assert imported(f"{name}.csv").state == "checked"
    assert imported(f"{name}.csv").content is None
    hira.act("referrals.RegistrationImport", "confirm", imported(f"{name}.csv").pk)
    work()
    assert imported(f"{name}.csv").state == "done"
    assert states_of(imported(f"{name}.csv")) == {}


def test_an_import_that_waited_for_confirmation_is_confirmed_and_sent(hira: Person):
    hira.act("referrals.RegistrationImport", "confirm", imported("checked.csv").pk)
    work()
    assert imported("checked.csv").state == "done"
    assert states_of(imported("checked.csv")) == {2: "refused", 3: "invalid", 4: "duplicate", 5: "duplicate"}


def test_an_import_that_could_not_be_read_still_says_why(hira: Person):
    assert "be read" in hira.page(f"referrals/registrationimport/{imported('unreadable.xlsx').pk}/change/")


# --- Pushes and calls


def test_the_newest_push_is_sent_and_the_one_before_it_never(feishu: Simulator, vera: Person):
    newest, older = rows("bindings.CustomFieldPush", scope=1).reverse()[:2]
    assert (newest.call.state, older.call.state) == ("succeeded", "superseded")
    assert not older.call.attempts.exists()
    (token,) = (each for each in feishu.state("fields")["fields"]["1"] if each["key"] == "account_token")
    assert "平台账号令牌" in str(token)
    vera.page(f"bindings/customfieldpush/{newest.pk}/change/")


def test_a_call_that_waits_for_a_person_is_sent_again(hira: Person):
    (waiting,) = rows("outbox.Call", state="waiting", operation="referral_account.get_account_assets")
    hira.act("outbox.Call", "resend", waiting.pk)
    work()
    waiting.refresh_from_db()
    assert waiting.state == "succeeded"


def test_a_field_is_pushed_once_more(feishu: Simulator, vera: Person):
    page = "bindings/customfield/push/2/"
    vera.submit(page, fingerprint=hidden_field(vera.page(page), "fingerprint"))
    work()
    assert [each["key"] for each in feishu.state("fields")["fields"]["2"]] == ["exam_token"]


# --- Cases and days


def test_an_open_case_is_closed(ada: Person):
    case = rows("referrals.Case", closed_at=None).first()
    ada.act("referrals.Case", "close", case.pk, reason="it was a rounding of theirs")
    case.refresh_from_db()
    assert case.closed_at is not None
    assert (case.closed_by.username, case.note) == ("ada", "it was a rounding of theirs")


def test_a_running_reconciliation_ends_and_compares_every_account(feishu: Simulator):
    run = rows("referrals.Reconciliation").last()
    assert run.state in {"matched", "differs"}
    compared = {account_id for chunk in run.chunks.filter(state="compared") for account_id in chunk.points}
    unknown = {account_id for chunk in run.chunks.filter(state="unknown") for account_id in chunk.points}
    assert unknown == {UNKNOWN_TO_FEISHU}
    assert len(compared | unknown) == run.accounts


def test_a_day_is_reconciled_once_more(hira: Person):
    earlier = rows("referrals.Reconciliation").first()
    hira.act("referrals.Reconciliation", "once_more", earlier.pk)
    work()
    assert rows("referrals.Reconciliation", day=earlier.day).last().state in {"matched", "differs"}


# --- Events


def test_what_was_waiting_or_in_the_hands_of_a_dead_worker_is_handled(feishu: Simulator):
    assert not rows("inbox.Event", state="pending").exists()
    assert not rows("inbox.Batch").exists()
    told = rows(
        "inbox.Event",
        subject__in=rows("referrals.ReferralAccount", name="asked in vain").values("account_id"),
    )
    assert told.last().state == "handled"


def test_the_order_to_replay_what_failed_is_fulfilled(feishu: Simulator):
    order = rows("inbox.Replay").last()
    assert order.finished_at is not None
    assert order.replayed >= 2
    replayed = rows("inbox.Event", attempts__outcome="lost").distinct()
    assert {event.state for event in replayed} == {"handled"}


def test_an_event_that_still_fails_is_replayed_by_staff_and_set_aside(root: Person):
    (failed,) = rows("inbox.Event", state="failed")
    tried = failed.attempts.count()
    root.act("inbox.Event", "replay", failed.pk)
    work()
    failed.refresh_from_db()
    assert (failed.state, failed.attempts.count()) == ("failed", tried + 1)
    root.act("inbox.Event", "set_aside", failed.pk)
    failed.refresh_from_db()
    assert failed.state == "set_aside"


def test_an_event_set_aside_before_stays_so_and_can_be_replayed(hira: Person):
    aside = rows("inbox.Event", state="set_aside").first()
    tried = aside.attempts.count()
    hira.act("inbox.Event", "replay", aside.pk)
    work()
    assert aside.attempts.count() == tried + 1
