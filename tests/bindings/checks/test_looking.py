"""What became of delivered results, and who is forgotten in the end."""

import pytest
from django.db import IntegrityError, transaction

from bindings.checks import invariants, services
from bindings.checks.tasks import empty_candidates, look_after_results
from bindings.models import BackgroundCheck, CheckUpdate
from hireops.desk.invariants import broken
from hireops.inbox.models import Event
from tests.bindings.checks.conftest import now_of, states, tell_canceled
from tests.bindings.checks.feishu_side import COMPLETED, IN_APPROVAL
from tests.bindings.checks.test_pages import page
from tests.in_this_process import drain

pytestmark = pytest.mark.django_db
State = BackgroundCheck.State
REJECTED = 9


@pytest.fixture
def delivered(ordered, vera, feishu):
    """An order whose result Feishu has, and somebody there approves."""
    feishu.approves = True
    check = ordered()
    services.report_result(check, by=vera, result="无差异")
    drain()
    return check


def test_an_approved_result_completes_its_order(delivered, feishu):
    look_after_results()
    assert now_of(delivered).state == State.RESULT_SENT
    feishu.picture(delivered.background_check_id).status = COMPLETED

    look_after_results()

    assert now_of(delivered).state == State.COMPLETED


def test_a_rejected_one_is_our_turn_until_a_corrected_one_is_delivered(delivered, vera, feishu):
    picture = feishu.picture(delivered.background_check_id)
    picture.status = REJECTED
    look_after_results()
    check = now_of(delivered)
    assert (check.state, check.turn, check.to_look_at) == (State.RESULT_SENT, "vendor", "sent_back")

    picture.status = 2  # should a rejection open the order again (contract 4.8)
    services.report_result(check, by=vera, result="有差异", reason="学校来信")
    drain()

    check = now_of(check)
    assert (picture.status, len(picture.results)) == (IN_APPROVAL, 2)
    assert (check.state, check.turn, check.to_look_at) == (State.RESULT_SENT, "customer", "")


@pytest.mark.parametrize("read_back", ["not_granted", "other_ids"])
def test_where_nothing_can_be_read_a_person_looks_after_some_days(delivered, feishu, clock, read_back):
    feishu.read_back = read_back
    look_after_results()
    assert now_of(delivered).to_look_at == ""

    clock.advance(days=6)
    look_after_results()

    assert now_of(delivered).to_look_at == "long_without_word"


def test_what_is_in_doubt_says_what_can_be_done_and_is_looked_at_again_by_night(
    ordered, vendor, vera, feishu, clock
):
    checks = [ordered() for _kind in range(2)]
    feishu.read_back = "not_granted"
    feishu.says.extend(["lost"] * 2)
    services.report_stage(checks[0], by=vera, name="学历核实")
    services.report_result(checks[1], by=vera, result="无差异")
    drain()
    clock.advance(minutes=2)
    drain()
    for check in checks:
        assert states(check) == ["in_doubt"]
        update = vendor.get(page("change", check)).context["updates"][0]
        assert [reading.meaning for reading in update.readings] == ["It has arrived.", "It has not arrived."]

    feishu.read_back = "works"
    clock.advance(days=1)
    look_after_results()
    drain()

    assert [states(check) for check in checks] == [["delivered"], ["delivered"]]
    assert [now_of(check).to_look_at for check in checks] == ["", ""]


def test_who_an_order_was_about_is_forgotten_when_it_has_long_ended(ordered, vera, feishu, clock, settings):
    settings.CANDIDATES_KEEP_DAYS = 30
    ended, still_open = ordered(custom_field_list=[{"key": "a", "value": "b"}]), ordered()
    services.report_stage(ended, by=vera, name="学历核实")
    services.report_result(ended, by=vera, result="王小二无差异")
    drain()
    services.say_completed(ended, by=vera, reason="seen")

    clock.advance(days=31)
    empty_candidates()

    forgotten = now_of(ended)
    assert {getattr(forgotten, name) for name in BackgroundCheck.PERSONAL} == {""}
    assert list(CheckUpdate.objects.values_list("stage_name", "result")) == [("学历核实", ""), ("", "")]
    assert now_of(still_open).candidate_name == "王小二"


def test_the_database_refuses_what_no_story_has(ordered, vera, feishu):
    check = ordered()
    services.report_stage(check, by=vera, name="一")
    services.report_stage(check, by=vera, name="二")
    drain()
    updates = CheckUpdate.objects.filter(background_check=check)
    refused = [
        lambda: BackgroundCheck.objects.update(state=State.RECEIVED),
        lambda: BackgroundCheck.objects.update(background_check_id="other"),
        lambda: BackgroundCheck.objects.update(candidate_name="other"),
        lambda: BackgroundCheck.objects.all().delete(),
        lambda: updates.update(stage_name="other"),
        lambda: updates.update(result="other"),
        lambda: updates.filter(number=1).update(state="queued"),
        lambda: CheckUpdate.objects.create(
            background_check=check, number=3, kind="stage", stage_id="x", time=check.received_at
        ),
    ]
    for write in refused:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()

    services.report_stage(check, by=vera, name="三")
    tell_canceled(check.background_check_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        updates.filter(number=3).update(state="sending")
    assert list(broken()) == []


def test_the_database_knows_no_check_that_begins_anywhere_but_at_its_order(ordered):
    check = ordered()
    event = Event.objects.create(app_id="a", event_id="e", state=Event.State.SET_ASIDE)
    check.pk, check.background_check_id, check.event, check.state = None, "another", event, State.COMPLETED
    with pytest.raises(IntegrityError, match="check_begins_as_received"), transaction.atomic():
        check.save(force_insert=True)


def test_invariants_name_what_was_told_out_of_turn(ordered, vera, feishu, clock):
    check = ordered()
    feishu.read_back = "not_granted"
    feishu.says.append("lost")
    services.report_stage(check, by=vera, name="一")
    services.report_stage(check, by=vera, name="二")
    drain()
    CheckUpdate.objects.filter(number=2).update(state="delivered")

    assert len(list(invariants.check_updates_leave_in_their_order())) == 1
