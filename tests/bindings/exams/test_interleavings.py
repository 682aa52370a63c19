"""Whatever happens in whatever order: Feishu shows the newest score that has arrived, nothing is told after
the end of marking, and no version is lost."""

from contextlib import suppress

import hypothesis
import pytest
from hypothesis import strategies

from bindings.exams import scores, services
from bindings.exams.access import Access
from bindings.models import Exam, ExamUpdate
from bindings.orders.updates import Found, waits_for_a_person
from hireops.database.clock import now
from hireops.desk.errors import Refused
from hireops.desk.invariants import broken
from hireops.outbox import sending, timing
from hireops.outbox.models import Attempt
from hireops.outbox.recording import end_lost_tries
from tests.bindings.exams.conftest import LINK, LOGIN_INFO, RESULT, arranged, at_feishu, now_of
from tests.in_this_process import drain

HAPPENS = strategies.sampled_from(
    [
        "access",
        "failure",
        "score",
        "score",
        "work",
        "work",
        "answer_lost",
        "request_lost",
        "dies_before",
        "dies_after",
        "later",
        "marking_ends",
        "settle_arrived",
        "settle_again",
        "settle_leave",
        "set_aside",
        "take_up",
    ]
)
FOUND = {
    "settle_arrived": Found.ARRIVED,
    "settle_again": Found.NOT_ARRIVED,
    "settle_leave": Found.LEAVE,
}


class World:
    def __init__(self, feishu, clock, by):
        self.feishu, self.clock, self.by = feishu, clock, by
        self.exam = arranged(feishu)
        self.written = []  # the scores that hireops took from staff, in their order

    def happens(self, what):
        with suppress(Refused):
            getattr(self, what, lambda: self.settle(FOUND[what]))()
        if known := services.shown_by_feishu(self.exam):
            assert known.score == at_feishu(self.feishu, self.exam)["result"].get("result")

    def access(self):
        services.arrange(self.exam, Access(LINK), by=self.by)

    def failure(self):
        services.arrangement_failed(self.exam, by=self.by, code=7, message="full")

    def score(self):
        text = scores.read_score(str(len(self.written)))
        services.report_score(self.exam, services.Score(score=text, reason="again"), by=self.by)
        self.written.append(text)

    def work(self):
        drain()

    def answer_lost(self):
        self._fault("after")

    def request_lost(self):
        self._fault("before")

    def _fault(self, when):
        for path in (LOGIN_INFO, RESULT):
            self.feishu.add_fault("cut", when=when, path=path)
        drain()
        self.feishu.clear_faults()

    def dies_before(self):
        self._dies(sends=False)

    def dies_after(self):
        self._dies(sends=True)

    def _dies(self, *, sends):
        claim = sending.claim()
        if claim and sends:
            sending.send(claim)
        self.clock.advance(timing.LEASE_S + 1)
        end_lost_tries(now())

    def later(self):
        self.clock.advance(120)
        drain()

    def marking_ends(self):
        if at_feishu(self.feishu, self.exam)["state"] == "answered":
            self.feishu.finish_marking(self.exam.exam_id)

    def set_aside(self):
        services.set_aside(self.exam, by=self.by, reason="given up")

    def take_up(self):
        services.take_up(self.exam, by=self.by)

    def settle(self, found):
        """A person looks at Feishu first, and says nothing that is not so."""
        for update in ExamUpdate.objects.filter(exam=self.exam).order_by("number"):
            if waits_for_a_person(update) and self._is_so(update, found):
                services.settle(update, found, by=self.by, reason="looked")
                return

    def _is_so(self, update, found):
        if update.kind != ExamUpdate.Kind.SCORE or found == Found.LEAVE:
            return found == Found.LEAVE
        shown = at_feishu(self.feishu, self.exam)["result"].get("result")
        return (shown == update.score) == (found == Found.ARRIVED)

    # --- In the end

    def comes_to_rest(self):
        for _round in range(12):
            self.later()
            for found in FOUND:
                self.happens(found)

    def holds(self):
        exam, theirs = now_of(self.exam), at_feishu(self.feishu, self.exam)
        versions = list(ExamUpdate.objects.filter(exam=exam, kind="score").order_by("number"))
        assert [each.score for each in versions] == self.written
        delivered = [each.score for each in versions if each.state == "delivered"]
        # One that was left open may have arrived; then what was told after it has overwritten it.
        left = [each.score for each in versions if each.state in {"left", "in_doubt"}]
        shown = theirs["result"].get("result")
        assert shown == (delivered[-1] if delivered else None) or shown in left
        tries = Attempt.objects.filter(call__examupdate__exam=exam)
        ended = tries.filter(code=1002855).order_by("started_at").first()
        if ended:
            assert exam.state == "marked"
            assert not tries.filter(started_at__gt=ended.started_at).exclude(outcome="not_sent").exists()
        assert [each for each in broken() if each[0].startswith("bindings.")] == []


def test_nobody_says_which_score_the_customer_has_while_a_correction_may_have_arrived(feishu, clock, vera):
    world = World(feishu, clock, vera)
    for what in ("score", "work", "score", "score"):
        world.happens(what)
    first, second, third = world.written
    claim = sending.claim()
    assert claim
    sending.send(claim)  # and its worker dies before it writes the answer down

    assert at_feishu(feishu, world.exam)["result"]["result"] == second
    assert services.shown_by_feishu(world.exam) is None
    clock.advance(timing.LEASE_S + 1)
    end_lost_tries(now())
    assert services.shown_by_feishu(world.exam) is None

    world.comes_to_rest()
    assert at_feishu(feishu, world.exam)["result"]["result"] == third
    shown = services.shown_by_feishu(world.exam)
    assert shown
    assert shown.score == third
    assert first != third


@pytest.mark.timeout(300)
def test_feishu_shows_the_newest_score_that_has_arrived_and_nothing_follows_the_end_of_marking(
    feishu, clock, vera
):
    @hypothesis.settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategies.lists(HAPPENS, min_size=4, max_size=14))
    def whatever_happens(happenings):
        world = World(feishu, clock, vera)
        for what in happenings:
            world.happens(what)
        world.comes_to_rest()
        world.holds()
        assert Exam.objects.filter(pk=world.exam.pk).exists()

    whatever_happens()
