"""One drain in each process, with many senders; it waits for what is due soon, and leaves nothing behind."""

import threading
from time import monotonic, sleep

import pytest
from django.db import connection, connections

from hireops.desk import invariants
from hireops.feishu.client import Answer
from hireops.outbox import sending, tasks, timing
from hireops.outbox.models import Call
from hireops.outbox.tasks import drain
from tests.outbox.conftest import busy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SENDERS = 4


@pytest.fixture(autouse=True)
def _many_senders_that_wait(settings, monkeypatch):
    settings.OUTBOX_SENDERS = SENDERS
    monkeypatch.setattr(timing, "WATCH_S", 2.0)
    yield
    assert [thread for thread in threading.enumerate() if thread.name == "outbox sender"] == []
    assert list(invariants.broken()) == []


class Slow:
    """A Feishu that takes its time and notes how many calls it has at once, and in which threads."""

    def __init__(self, seconds=0.2):
        self.seconds, self.now, self.most = seconds, 0, 0
        self.threads, self.connections, self.sent = set(), [], []
        self.lock = threading.Lock()

    def __call__(self, tenant_key, *, number):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.current_thread().name)
            self.connections.append(connections["default"])
            self.sent.append(number)
        sleep(self.seconds)
        with self.lock:
            self.now -= 1
        return Answer(data={}, log_id="", http_status=200, duration_ms=1)


@pytest.fixture
def slow(registered):
    slow = Slow()
    registered("test.slow", send=slow)
    return slow


def owe(enqueue, count, start=0):
    for number in range(start, start + count):
        enqueue(number, operation="test.slow", target=str(number))


def test_calls_of_different_targets_are_sent_side_by_side(enqueue, slow):
    owe(enqueue, 12)
    started = monotonic()
    drain()
    assert Call.objects.filter(state="succeeded").count() == 12
    assert slow.most == SENDERS
    assert monotonic() - started < 12 * slow.seconds


def test_calls_of_one_target_go_one_after_the_other(enqueue, slow):
    for number in range(5):
        enqueue(number, operation="test.slow")
    drain()
    assert (slow.most, slow.sent) == (1, [0, 1, 2, 3, 4])


def test_every_sender_closes_its_connection(enqueue, slow):
    owe(enqueue, 8)
    drain()
    others = {id(link): link for link in slow.connections if link is not connections["default"]}
    assert len(others) == SENDERS - 1
    assert all(link.connection is None for link in others.values())


def test_a_second_drain_returns_at_once_and_the_first_one_looks_again(enqueue, slow):
    slow.seconds = 2.0
    owe(enqueue, 1)
    first = threading.Thread(target=_drain_and_close)
    first.start()
    while not slow.sent:
        sleep(0.01)
    owe(enqueue, 1, start=1)
    started = monotonic()
    drain()
    assert monotonic() - started < 1.5
    sleep(0.5)
    assert slow.most == 2
    first.join()
    assert Call.objects.filter(state="succeeded").count() == 2


def _drain_and_close():
    drain()
    connection.close()


def test_what_is_due_soon_is_waited_for(enqueue, feishu):
    feishu.says.append(busy(retry_after_s=1))
    enqueue(1)
    started = monotonic()
    drain()
    assert Call.objects.get().state == "succeeded"
    assert 1 <= monotonic() - started < 20


def test_what_is_due_later_is_left_for_the_next_look(enqueue, feishu):
    feishu.says.append(busy(retry_after_s=30))
    enqueue(1)
    started = monotonic()
    drain()
    assert Call.objects.get().state == "pending"
    assert monotonic() - started < 20


def test_a_process_that_is_to_stop_finishes_what_is_in_hand_and_takes_up_nothing_more(
    enqueue, slow, monkeypatch
):
    monkeypatch.setattr(tasks, "_stopping", threading.Event())
    slow.seconds = 0.5
    owe(enqueue, 20)
    first = threading.Thread(target=_drain_and_close)
    first.start()
    while slow.now < SENDERS:
        sleep(0.01)
    tasks.stop()
    first.join(20)
    assert not first.is_alive()
    assert Call.objects.filter(state="succeeded").count() == len(slow.sent) < 20
    assert not Call.objects.filter(lease_key__isnull=False).exists()
    drain()
    assert len(slow.sent) < 20


def test_a_sender_that_fails_takes_nobody_with_it(enqueue, slow, monkeypatch, caplog):
    real = sending.claim
    failed: list[int] = []

    def claim():
        if threading.current_thread().name == "outbox sender" and not failed:
            failed.append(1)
            raise RuntimeError("the database went away")
        return real()

    monkeypatch.setattr(sending, "claim", claim)
    owe(enqueue, 6)
    drain()
    assert Call.objects.filter(state="succeeded").count() == 6
    assert "a sender ended" in caplog.text


def test_without_work_a_look_costs_one_thread_and_few_queries(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(13):
        drain()
