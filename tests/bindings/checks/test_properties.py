"""Whatever staff, customers, the network and dying workers do, in any order: an order tells one story."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bindings.checks import services
from bindings.models import BackgroundCheck, CheckUpdate
from bindings.orders.updates import Found, waits_for_a_person
from hireops.desk.errors import Refused
from hireops.outbox import sending
from hireops.outbox.models import Call
from hireops.outbox.recording import record
from tests.bindings.checks.conftest import let_worker_die, now_of, tell_canceled, tell_ordered
from tests.bindings.checks.feishu_side import ARRANGED, TERMINATED, FeishuSide
from tests.in_this_process import drain
from tests.referrals.conftest import LONG

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
State = CheckUpdate.State
ORDER = "6931286400470354183"

IS_LONG = settings.get_current_profile_name() == LONG
bounded = settings(
    max_examples=2000 if IS_LONG else 80,
    deadline=None,
    derandomize=not IS_LONG,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
words = st.sampled_from(["yes", "yes", "lost", "nothing", "unsent", "broken"])
steps = st.lists(
    st.one_of(
        st.sampled_from([("stage", ""), ("stage", ""), ("result", ""), ("terminate", "")]),
        st.tuples(st.just("work"), words),
        st.tuples(st.just("die"), st.sampled_from(["before", "after"])),
        st.tuples(st.just("wait"), st.sampled_from([1, 5, 60])),
        st.tuples(st.just("clock"), st.sampled_from([-60, -1])),
        st.tuples(st.just("settle"), st.sampled_from(["truly", "leave"])),
        st.sampled_from([("cancel", "now"), ("cancel", "meanwhile"), ("cancel", "held")]),
    ),
    min_size=3,
    max_size=14,
)


@contextmanager
def thrown_away() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Story:
    """One order, and everybody who has to do with it."""

    def __init__(self, feishu: FeishuSide, clock: Any, vera: Any) -> None:
        self.feishu, self.clock, self.vera = feishu, clock, vera
        self.feishu.says.clear()
        self.feishu.orders.clear()
        self.clock.set(datetime.now(UTC) + timedelta(days=1))  # from where it can also be set back
        self.check = BackgroundCheck.objects.get(event=tell_ordered(ORDER))
        self.requests_at_the_end: int | None = None

    @property
    def picture(self) -> Any:
        return self.feishu.picture(ORDER)

    def do(self, what: str, how: Any) -> None:
        with suppress(Refused):
            getattr(self, what)(how)

    def stage(self, _how: str) -> None:
        number = CheckUpdate.objects.count()
        services.report_stage(self.check, by=self.vera, name=f"阶段 {number % 3}")

    def result(self, _how: str) -> None:
        services.report_result(self.check, by=self.vera, result="无差异", reason="again")

    def terminate(self, _how: str) -> None:
        services.terminate(self.check, by=self.vera, reason="候选人失联")

    def work(self, word: str) -> None:
        self.feishu.says.append(word)
        if claim := sending.claim():
            record(claim, sending.send(claim))
        self.feishu.says.clear()

    def die(self, when: str) -> None:
        let_worker_die(self.clock, before_sending=when == "before")

    def wait(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    clock_back = wait

    def settle(self, how: str) -> None:
        for update in self.updates():
            if waits_for_a_person(update):
                is_there = update in self.told() or (
                    update.kind == "termination" and self.picture.ended_by_us
                )
                arrived = Found.ARRIVED if is_there else Found.NOT_ARRIVED
                found = Found.LEAVE if how == "leave" else arrived
                services.settle(update, found, by=self.vera, reason="I have looked")

    def cancel(self, when: str) -> None:
        if when == "now":
            self._cancel()
        elif when == "meanwhile":
            self.feishu.meanwhile = self._cancel
            self.work("yes")
            self.feishu.meanwhile = None
        elif claim := sending.claim():  # and its worker is slow
            self._cancel()
            record(claim, sending.send(claim))

    def _cancel(self) -> None:
        if self.picture.status == ARRANGED:
            self.picture.status = TERMINATED
        tell_canceled(ORDER)
        ended = now_of(self.check).state in BackgroundCheck.ENDED[1:]
        if self.requests_at_the_end is None and ended:
            self.requests_at_the_end = self.picture.requests

    def updates(self) -> list[CheckUpdate]:
        rows = CheckUpdate.objects.filter(background_check=self.check)
        return list(rows.select_related("call").order_by("number"))

    def told(self) -> list[CheckUpdate]:
        """What Feishu has, in the order in which it came."""
        updates = self.updates()
        by_stage = {update.stage_id: update for update in updates if update.stage_id}
        told = [by_stage[stage["stage_id"]] for stage in self.picture.stages]
        times = {str(int(update.time.timestamp() * 1000)): update for update in updates if update.time}
        told += [times[result["result_time"]] for result in self.picture.results]
        return told

    def is_one(self) -> None:
        """What must be true at any moment."""
        told, updates = self.told(), self.updates()
        known = {State.DELIVERED, State.SENDING, State.QUEUED}
        ours = [u for u in updates if u.kind != "termination" and (u in told or u.state in known)]
        assert ours[: len(told)] == told
        assert len(set(told)) == len(told)
        for update in updates:
            if update.state == State.DELIVERED:
                assert self.picture.ended_by_us if update.kind == "termination" else update in told
        times = [int(stage["stage_time"]) for stage in self.picture.stages]
        times += [int(result["result_time"]) for result in self.picture.results]
        assert all(before < after for before, after in pairwise(times))
        if self.requests_at_the_end is not None:  # but for one that was on its way at that moment
            assert self.picture.requests <= self.requests_at_the_end + 1

    def comes_to_an_end(self) -> None:
        """Once Feishu answers and somebody has looked, nothing is open and all is as it is there."""
        for _round in range(40):
            self.clock.advance(minutes=5)
            drain()
            self.do("settle", "truly")
            if all(call.state in Call.FINAL for call in Call.objects.all()):
                waiting = [u for u in self.updates() if u.state in CheckUpdate.OPEN]
                if not waiting:
                    break
                self.do("settle", "leave")
        self.is_one()
        assert [u.state for u in self.updates() if u.state in CheckUpdate.OPEN] == []
        assert now_of(self.check).to_look_at == ""
        delivered = [u for u in self.updates() if u.state == State.DELIVERED and u.kind != "termination"]
        left = [u for u in self.updates() if u.state == State.LEFT]
        assert [u for u in self.told() if u not in left] == delivered


@bounded
@given(
    story_told=st.tuples(steps, st.sampled_from(["works", "not_granted", "other_ids"]), st.booleans()),
)
def test_feishu_has_a_prefix_of_what_we_have_and_nothing_after_the_end(
    story_told: tuple[list[tuple[str, Any]], str, bool], feishu: Any, clock: Any, vera: Any
) -> None:
    script, feishu.read_back, feishu.approves = story_told
    with thrown_away():
        story = Story(feishu, clock, vera)
        for what, how in script:
            story.do("clock_back" if what == "clock" else what, how)
            story.is_one()
        story.comes_to_an_end()
