"""A customer ends an order at any moment: each time one state, one sentence, and no call afterwards."""

from itertools import product

import pytest
from django.utils import translation

from bindings.checks import services, texts
from bindings.checks.tasks import look_after_results
from bindings.models import BackgroundCheck, CheckUpdate
from bindings.orders.texts import in_words
from hireops.outbox import sending
from hireops.outbox.recording import record
from tests.bindings.checks.conftest import now_of, tell_canceled
from tests.bindings.checks.feishu_side import TERMINATED
from tests.in_this_process import drain

pytestmark = pytest.mark.django_db
State = BackgroundCheck.State

# What becomes of the try, and when the cancellation is handled: before a worker takes the call, while the
# request is under way, or when its outcome is written down.
TRIES = ("queued", "in flight", "accepted", "lost")
WORDS = {"queued": "yes", "in flight": "unsent", "accepted": "yes", "lost": "lost"}
KINDS = ("stage", "result", "termination")
MOMENTS = ("before", "during", "after")
NOT_SENT, ARRIVED, ARRIVED_JUST_BEFORE, IN_DOUBT = (
    "The customer has cancelled the order. This had not left before",
    "Feishu has it since",
    "just before the order ended there",
    "The customer has cancelled the order. Nobody knows whether this arrived before that.",
)


def expected(tried, kind, moment):
    """The order's state, the update's, and how its sentence begins or what it says."""
    canceled = State.CANCELED_BY_CUSTOMER
    if moment == "before" or tried in {"queued", "in flight"}:
        return canceled, "stopped", NOT_SENT
    if tried == "lost":
        return canceled, "in_doubt", IN_DOUBT
    if moment == "during":
        return canceled, "delivered", ARRIVED_JUST_BEFORE
    return (State.TERMINATED_BY_VENDOR if kind == "termination" else canceled), "delivered", ARRIVED


def write(check, kind, vera):
    """The last update is the one that this is about."""
    if kind == "stage":
        services.report_stage(check, by=vera, name="学历核实")
    elif kind == "result":
        services.report_result(check, by=vera, result="无差异")
    else:
        services.terminate(check, by=vera, reason="候选人失联")


def drain_one():
    claim = sending.claim()
    assert claim
    record(claim, sending.send(claim))


def cancel_at(moment, check, feishu, *, waits):
    """The cancellation is handled at that moment of the next try; ``waits``: until somebody has to look."""

    def cancel():
        tell_canceled(check.background_check_id, "候选人撤回")

    if moment == "before":
        cancel()
    elif moment == "after":
        drain_one()
        waits()
        cancel()
    elif feishu.says[0] == "unsent":  # no request, so the event comes while its worker looks for a way
        claim = sending.claim()
        assert claim
        result = sending.send(claim)
        cancel()
        record(claim, result)
    else:
        feishu.meanwhile = cancel
        drain_one()


@pytest.mark.parametrize("event", ["before the lookup", "after it", "never"])
def test_an_end_of_ours_beside_the_customers_is_in_doubt_and_never_counts_as_delivered(
    ordered, vera, feishu, clock, event
):
    check = ordered()
    services.terminate(check, by=vera, reason="候选人失联")
    drain_one()
    feishu.picture(check.background_check_id).status = TERMINATED  # by the customer; the event comes later
    drain_one()
    if event == "before the lookup":
        tell_canceled(check.background_check_id)
    for _round in range(6):
        clock.advance(minutes=2)
        drain()
    if event == "after it":
        tell_canceled(check.background_check_id)
    drain()

    update = CheckUpdate.objects.filter(background_check=check).latest("number")
    assert update.state == "in_doubt"
    check = now_of(check)
    assert check.to_look_at == "in_doubt"
    assert check.state == (State.RECEIVED if event == "never" else State.CANCELED_BY_CUSTOMER)


def test_an_order_that_feishu_shows_as_ended_was_ended_by_us_if_no_event_comes_for_a_day(
    ordered, vera, feishu, clock
):
    check = ordered()
    services.terminate(check, by=vera, reason="候选人失联")
    drain_one()
    feishu.says.append("lost")
    drain_one()
    clock.advance(minutes=2)
    drain()
    assert now_of(check).to_look_at == "in_doubt"

    clock.advance(days=1)
    look_after_results()
    drain()

    assert now_of(check).state == State.TERMINATED_BY_VENDOR
    assert now_of(check).to_look_at == ""


@pytest.mark.parametrize("cell", list(product(TRIES, KINDS, MOMENTS)), ids="-".join)
def test_every_cancellation_has_one_state_and_one_sentence(ordered, vera, feishu, clock, cell):
    tried, kind, moment = cell
    check = ordered()
    feishu.read_back = "not_granted"
    if tried == "queued" and kind != "termination":  # that one has its own stage before it
        services.report_stage(check, by=vera, name="在先")
    write(check, kind, vera)
    if kind == "termination" and tried != "queued":
        drain_one()
    feishu.says.append(WORDS[tried])

    def waits():
        if tried == "lost":
            clock.advance(minutes=2)
            drain()

    cancel_at(moment, check, feishu, waits=waits)
    requests = feishu.picture(check.background_check_id).requests
    for _round in range(3):
        clock.advance(minutes=30)
        drain()

    update = CheckUpdate.objects.filter(background_check=check).latest("number")
    check = now_of(check)
    state, update_state, words = expected(tried, kind, moment)
    assert (check.state, update.state) == (state, update_state)
    assert words in in_words(update, texts.ended(check))
    with translation.override("zh-hans"):
        assert "order" not in in_words(update, texts.ended(check))
    assert feishu.picture(check.background_check_id).requests == requests
    assert check.to_look_at == ("in_doubt" if update_state == "in_doubt" else "")
