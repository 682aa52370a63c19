"""Many workers at once: each call goes once, in order, and never two of one target together."""

import random
import threading
from collections import defaultdict
from functools import partial
from time import sleep

import pytest
from django.db import transaction

from hireops.desk import invariants
from hireops.desk.errors import Refused
from hireops.feishu.client import Answer
from hireops.outbox import services
from hireops.outbox.models import Call
from hireops.outbox.sending import claim
from hireops.outbox.tasks import drain
from tests.meanwhile import at_once, two_writers
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db(transaction=True)]


def in_threads(number, work):
    """Run ``work(n)`` in threads that start together; an error in one of them fails the test."""
    results = at_once(*(partial(work, n) for n in range(number)))
    assert [each for each in results if isinstance(each, Exception)] == []


class Watchful:
    """A Feishu that notices when two calls of one target are with it at the same time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.busy = set()
        self.sent = defaultdict(list)
        self.collisions = []

    def __call__(self, tenant_key, *, lane, number):
        with self.lock:
            if lane in self.busy:
                self.collisions.append((lane, number))
            self.busy.add(lane)
            self.sent[lane].append(number)
        sleep(random.uniform(0, 0.004))
        with self.lock:
            self.busy.discard(lane)
        return Answer(data={}, log_id="", http_status=200, duration_ms=1)


@pytest.fixture
def watchful(registered):
    feishu = Watchful()
    registered("test.watched", send=feishu)
    return feishu


def owe(lane, number, **options):
    with transaction.atomic():
        return services.enqueue(
            operation="test.watched",
            target=str(lane),
            payload={"lane": lane, "number": number},
            tenant=None,
            by=None,
            **options,
        )


def test_eight_workers_send_every_call_once_and_in_order(watchful):
    for number in range(20):
        for lane in range(5):
            owe(lane, number)
    in_threads(8, lambda n: [drain() for _ in range(20)])
    drain()
    assert watchful.collisions == []
    assert watchful.sent == {lane: list(range(20)) for lane in range(5)}
    assert set(Call.objects.values_list("state", "tries")) == {("succeeded", 1)}
    assert list(invariants.broken()) == []


def test_calls_enqueued_while_workers_send_leave_in_the_order_of_their_commits(watchful):
    committed, lock = defaultdict(list), threading.Lock()

    def work(n):
        if n < 3:
            for number in range(15):
                with transaction.atomic():
                    call = services.enqueue(
                        operation="test.watched",
                        target="0",
                        payload={"lane": 0, "number": n * 100 + number},
                        tenant=None,
                        by=None,
                    )
                    sleep(random.uniform(0, 0.003))
                    with lock:
                        committed[0].append((call.pk, n * 100 + number))
        else:
            for _ in range(60):
                drain()
                sleep(0.002)

    in_threads(6, work)
    drain()
    assert watchful.collisions == []
    assert [pk for pk, _ in committed[0]] == sorted(pk for pk, _ in committed[0])
    assert watchful.sent[0] == [number for _, number in committed[0]]


def test_an_older_full_replace_never_lands_after_a_newer_one(watchful):
    def work(n):
        if n < 2:
            for number in range(20):
                owe(0, n * 100 + number, supersede=True)
                sleep(random.uniform(0, 0.004))
        else:
            for _ in range(60):
                drain()
                sleep(0.001)

    in_threads(5, work)
    drain()
    in_order = [call.payload["number"] for call in Call.objects.order_by("id")]
    positions = [in_order.index(number) for number in watchful.sent[0]]
    assert watchful.collisions == []
    assert positions == sorted(positions)
    assert positions[-1] == len(in_order) - 1
    assert set(Call.objects.values_list("state", flat=True)) <= {"succeeded", "superseded"}
    assert list(invariants.broken()) == []


def test_one_lost_call_is_taken_up_by_one_worker_only(watchful, clock):
    owe(0, 1)
    claim()
    clock.advance(61)
    in_threads(8, lambda n: drain())
    call = Call.objects.get()
    assert watchful.sent[0] == [1]
    assert list(call.attempts.values_list("outcome", flat=True)) == ["lost", "success"]


@two_writers
def test_resending_by_hand_beside_busy_workers_never_makes_two_of_one_target_leave(watchful, vera):
    calls = [owe(0, number) for number in range(12)]
    Call.objects.filter(payload__number__lt=6).update(state="waiting")

    def work(n):
        if n == 0:
            for call in calls[:6]:
                services.resend_call(call, by=vera, reason="drill")
                sleep(0.003)
        else:
            for _ in range(40):
                drain()
                sleep(0.001)

    in_threads(6, work)
    drain()
    assert watchful.collisions == []
    assert sorted(watchful.sent[0]) == list(range(12))
    assert list(invariants.broken()) == []


@two_writers
def test_a_call_sent_again_by_hand_waits_for_a_newer_one_that_is_just_being_owed(watchful, vera):
    old = owe(0, 1)
    Call.objects.update(state="waiting")
    owing, refusals = threading.Event(), []

    def work(n):
        if n == 0:
            with transaction.atomic():
                services.enqueue(
                    operation="test.watched",
                    target="0",
                    payload={"lane": 0, "number": 2},
                    tenant=None,
                    by=None,
                    supersede=True,
                )
                owing.set()
                sleep(0.3)
        else:
            owing.wait(5)
            try:
                services.resend_call(old, by=vera, reason="drill")
            except Refused as refusal:
                refusals.append(refusal)

    in_threads(2, work)
    drain()
    assert len(refusals) == 1
    assert watchful.sent[0] == [2]


@two_writers
def test_two_claims_of_one_lane_that_do_not_see_each_other_are_refused_by_the_database(watchful, monkeypatch):
    """What ``due`` promises is taken away here; the unique index alone must hold."""
    monkeypatch.setattr(
        "hireops.outbox.sending.due",
        lambda now, held: Call.objects.filter(state="pending", lease_key=None).order_by("id"),
    )
    for number in range(8):
        owe(0, number)
    claims, lock = [], threading.Lock()

    def work(n):
        if found := claim():
            with lock:
                claims.append(found)

    in_threads(8, work)
    assert len(claims) == 1
    assert Call.objects.filter(lease_key__isnull=False).count() == 1
