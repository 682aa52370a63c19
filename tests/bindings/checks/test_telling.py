"""What staff report leaves in its order, once, and a person settles what only a person can."""

from datetime import timedelta
from itertools import pairwise

import pytest

from bindings.checks import services
from bindings.models import BackgroundCheck, CheckTenant, CheckUpdate
from bindings.orders.updates import Found
from hireops.desk.errors import Refused
from hireops.outbox.models import Call
from tests.bindings.checks.conftest import now_of, states, tell_canceled
from tests.bindings.checks.feishu_side import IN_APPROVAL
from tests.in_this_process import drain

pytestmark = pytest.mark.django_db
State = BackgroundCheck.State
REPORT = {"name": "报告.pdf", "url": "https://vendor.example/report", "type": 2}


def names(picture):
    return [stage["stage_name"] for stage in picture.stages]


def stage(check, by, name="学历核实"):
    return services.report_stage(check, by=by, name=name)


def last(check):
    return CheckUpdate.objects.filter(background_check=check).latest("number")


def test_stages_arrive_in_their_order_then_the_result(ordered, vera, feishu):
    check = ordered()
    stage(check, vera, "一")
    stage(check, vera, "二")
    services.report_result(check, by=vera, result="无差异", reports=[REPORT])
    assert states(check) == ["sending", "queued", "queued"]
    assert now_of(check).state == State.IN_PROGRESS

    drain()

    picture = feishu.picture(check.background_check_id)
    assert names(picture) == ["一", "二"]
    assert picture.results[0]["result"] == "无差异"
    assert picture.results[0]["report_file_list"] == [
        {"report_name": "报告.pdf", "report_url": "https://vendor.example/report", "report_url_type": 2}
    ]
    check = now_of(check)
    assert (check.state, check.turn) == (State.RESULT_SENT, "customer")
    assert states(check) == ["delivered"] * 3


def test_no_call_names_anybody(ordered, vera, feishu):
    check = ordered()
    services.report_stage(check, by=vera, name="王小二的学历", result="王小二无差异", reports=[REPORT])

    drain()

    call = Call.objects.get()
    assert call.payload == {"update": last(check).pk}
    assert "王小二" not in str(list(call.attempts.values()))


def test_times_grow_also_when_the_clock_is_set_back(ordered, vera, feishu, clock):
    check = ordered()
    stage(check, vera, "一")
    clock.advance(hours=-1)
    stage(check, vera, "二")
    clock.advance(hours=-1)
    services.report_result(check, by=vera, result="无差异")

    times = [update.time for update in CheckUpdate.objects.order_by("number") if update.time]
    assert [later - time for time, later in pairwise(times)] == [timedelta(milliseconds=1)] * 2


def test_an_interim_result_needs_a_report(ordered, vera):
    with pytest.raises(Refused):
        services.report_stage(ordered(), by=vera, name="一", result="通过")


def test_nothing_overtakes_what_was_refused(ordered, vera, feishu):
    check = ordered()
    feishu.picture(check.background_check_id).status = 3
    stage(check, vera, "一")
    stage(check, vera, "二")

    drain()

    assert states(check) == ["refused", "queued"]
    assert now_of(check).to_look_at == "refused"
    first = CheckUpdate.objects.get(background_check=check, number=1)
    services.settle(first, Found.LEAVE, by=vera, reason="completed there")
    drain()
    assert states(check) == ["stopped", "refused"]


def test_a_lost_stage_is_read_back_and_not_sent_twice(ordered, vera, feishu, clock):
    check = ordered()
    feishu.says.extend(["yes", "lost"])
    stage(check, vera, "一")
    stage(check, vera, "二")
    drain()
    assert states(check) == ["delivered", "in_doubt"]

    clock.advance(minutes=2)
    drain()

    assert states(check) == ["delivered", "delivered"]
    assert names(feishu.picture(check.background_check_id)) == ["一", "二"]


def test_a_stage_that_never_arrived_is_sent_again_as_it_was(ordered, vera, feishu, clock):
    check = ordered()
    feishu.says.extend(["yes", "nothing"])
    stage(check, vera, "一")
    second = stage(check, vera, "二")
    drain()

    clock.advance(minutes=2)
    drain()

    assert states(check) == ["delivered", "delivered"]
    assert feishu.picture(check.background_check_id).stages[1]["stage_id"] == second.stage_id


@pytest.mark.parametrize("found", [Found.ARRIVED, Found.NOT_ARRIVED, Found.LEAVE])
def test_where_nothing_can_be_read_back_a_person_settles_it(ordered, vera, feishu, clock, found):
    check = ordered()
    feishu.read_back = "not_granted"
    feishu.says.append("nothing" if found == Found.NOT_ARRIVED else "lost")
    stage(check, vera, "一")
    stage(check, vera, "二")
    drain()
    clock.advance(minutes=2)
    drain()
    assert states(check) == ["in_doubt", "queued"]
    assert now_of(check).to_look_at == "in_doubt"
    assert CheckTenant.objects.get().read_back == "not_granted"

    services.settle(CheckUpdate.objects.get(number=1), found, by=vera, reason="I have looked")
    clock.advance(minutes=2)
    drain()

    assert names(feishu.picture(check.background_check_id)) == ["一", "二"]
    assert states(check) == ["left" if found == Found.LEAVE else "delivered", "delivered"]
    assert now_of(check).to_look_at == ""
    assert Call.objects.exclude(state__in=Call.FINAL).count() == 0


def test_a_permission_that_is_missing_is_not_asked_for_again_for_a_day(ordered, vera, feishu, clock):
    feishu.read_back = "not_granted"
    for hours in (0, 1, 25):
        check = ordered()
        feishu.says.append("lost")
        clock.advance(hours=hours)
        stage(check, vera)
        drain()
        clock.advance(minutes=2)
        drain()

    assert feishu.read == 2


def test_a_result_in_doubt_cannot_be_left_open(ordered, vera, feishu, clock):
    check = ordered()
    feishu.read_back = "other_ids"
    feishu.says.append("lost")
    services.report_result(check, by=vera, result="无差异")
    drain()
    clock.advance(minutes=2)
    drain()

    with pytest.raises(Refused):
        services.settle(last(check), Found.LEAVE, by=vera, reason="?")
    assert CheckTenant.objects.get().read_back == "other_ids"


def test_a_second_result_while_one_is_approved_stays_undelivered(ordered, vera, feishu):
    check = ordered()
    feishu.approves = True
    services.report_result(check, by=vera, result="无差异")
    drain()
    assert feishu.picture(check.background_check_id).status == IN_APPROVAL
    with pytest.raises(Refused, match="Say why"):
        services.report_result(check, by=vera, result="有差异")

    services.report_result(check, by=vera, result="有差异", reason="学校来信")
    drain()

    assert states(check) == ["delivered", "refused"]
    assert CheckTenant.objects.get().approves is True
    assert [each["result"] for each in feishu.picture(check.background_check_id).results] == ["无差异"]


def test_where_nobody_approves_a_delivered_result_completes(ordered, vera, feishu):
    first, second = ordered(), ordered()
    services.report_result(first, by=vera, result="无差异")
    drain()
    services.say_completed(first, by=vera, reason="seen")
    services.say_whether_approved(first, approves=False, by=vera)

    services.report_result(second, by=vera, result="无差异")
    drain()

    assert [now_of(each).state for each in (first, second)] == [State.COMPLETED] * 2


def test_ending_from_our_side_says_so_first(ordered, vera, feishu):
    check = ordered()
    services.terminate(check, by=vera, reason="候选人失联")
    with pytest.raises(Refused):
        stage(check, vera)

    drain()

    picture = feishu.picture(check.background_check_id)
    assert (names(picture), picture.status) == (["已终止"], 4)
    assert now_of(check).state == State.TERMINATED_BY_VENDOR
    tell_canceled(check.background_check_id, "")
    assert now_of(check).state == State.TERMINATED_BY_VENDOR


def test_what_is_stuck_waits_for_a_person_and_never_claims_to_have_arrived(ordered, vera, feishu, clock):
    check = ordered()
    feishu.says.extend(["unsent"] * 3)
    stage(check, vera)
    drain()
    clock.advance(hours=25)
    drain()

    assert (states(check), now_of(check).to_look_at) == (["sending"], "stuck")
    with pytest.raises(Refused):
        services.settle(last(check), Found.ARRIVED, by=vera, reason="?")
    feishu.says.clear()
    services.settle(last(check), Found.NOT_ARRIVED, by=vera, reason="network is back")
    clock.advance(minutes=2)
    drain()
    assert states(check) == ["delivered"]
