"""The folder that stands in for a broker: hireops/broker.py."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from celery import Celery
from kombu import Connection
from kombu.simple import SimpleQueue

from hireops import broker
from tests.environment import ROOT
from tests.processes import Hireops, wait_until

QUEUE = "bell"
PUBLISHERS, MESSAGES_EACH = 3, 200

PUBLISH = """
import sys
from kombu import Connection
from hireops import broker
broker.register()
with Connection(sys.argv[1]) as connection, connection.SimpleQueue("bell") as queue:
    for number in range(int(sys.argv[2]), int(sys.argv[3])):
        queue.put(number)
"""

CONSUME = """
import sys
from queue import Empty
from kombu import Connection
from hireops import broker
broker.register()
with Connection(sys.argv[1]) as connection, connection.SimpleQueue("bell", no_ack=True) as queue:
    print("ready", flush=True)
    while True:
        try:
            print(queue.get(timeout=3).payload, flush=True)
        except Empty:
            break
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    broker.register()
    return f"embedded://{tmp_path}"


@pytest.fixture
def queue(url: str) -> Iterator[SimpleQueue]:
    with Connection(url) as connection, connection.SimpleQueue(QUEUE, no_ack=True) as queue:
        yield queue


def received(queue: SimpleQueue) -> list[object]:
    """Everything that waits in the queue."""
    messages = []
    while True:
        try:
            messages.append(queue.get_nowait().payload)
        except Empty:
            return messages


def python(program: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_messages_arrive_in_the_order_in_which_they_were_sent(queue: SimpleQueue) -> None:
    for number in range(20):
        queue.put(number)

    assert len(queue) == 20
    assert received(queue) == list(range(20))
    assert len(queue) == 0


def test_a_message_sent_by_one_connection_is_received_by_another(url: str, queue: SimpleQueue) -> None:
    with Connection(url) as other, other.SimpleQueue(QUEUE) as other_queue:
        other_queue.put({"name": "背调"})

    assert received(queue) == [{"name": "背调"}]


def test_nothing_is_left_in_the_folder_of_what_was_received(queue: SimpleQueue, tmp_path: Path) -> None:
    queue.put("one")
    received(queue)

    assert list(Path(tmp_path, QUEUE).iterdir()) == []


def test_a_message_that_was_not_finished_is_not_seen(queue: SimpleQueue, tmp_path: Path) -> None:
    Path(tmp_path, QUEUE, "1-draft.draft").write_text('{"bo')
    queue.put("whole")

    assert received(queue) == ["whole"]


@pytest.mark.parametrize("content", [b"", b'{"bo', b"\xff\xfe"])
def test_a_broken_message_is_dropped_and_the_next_one_received(
    content: bytes, queue: SimpleQueue, tmp_path: Path
) -> None:
    Path(tmp_path, QUEUE, "0-broken.message").write_bytes(content)
    queue.put("whole")

    assert received(queue) == ["whole"]
    assert list(Path(tmp_path, QUEUE).iterdir()) == []


def test_a_queue_can_be_emptied(queue: SimpleQueue) -> None:
    queue.put("one")
    queue.put("two")

    assert queue.clear() == 2
    assert received(queue) == []


def test_messages_still_arrive_after_the_folder_was_removed_and_made_again(
    queue: SimpleQueue, tmp_path: Path
) -> None:
    Path(tmp_path, QUEUE).rmdir()
    queue.put("one")

    assert received(queue) == ["one"]


def test_what_a_closed_connection_had_not_acknowledged_is_delivered_again(
    url: str, queue: SimpleQueue
) -> None:
    with Connection(url) as other, other.SimpleQueue(QUEUE) as other_queue:
        other_queue.put("one")
        assert other_queue.get(timeout=1).payload == "one"

    assert received(queue) == ["one"]


def test_two_consumers_share_the_messages_of_three_publishers_without_loss_or_double(url: str) -> None:
    consumers = [python(CONSUME, url) for _ in range(2)]
    for consumer in consumers:
        assert consumer.stdout
        assert consumer.stdout.readline() == "ready\n"
    starts = range(0, PUBLISHERS * MESSAGES_EACH, MESSAGES_EACH)
    publishers = [python(PUBLISH, url, start, start + MESSAGES_EACH) for start in starts]

    for publisher in publishers:
        assert publisher.communicate(timeout=60) == ("", "")
    outputs = [consumer.communicate(timeout=60) for consumer in consumers]

    assert [error for _, error in outputs] == ["", ""]
    numbers = sorted(int(line) for lines, _ in outputs for line in lines.split())
    assert numbers == list(range(PUBLISHERS * MESSAGES_EACH))


def test_a_worker_outlives_a_folder_that_is_out_of_reach_for_a_while(hireops: Hireops) -> None:
    folder = hireops.folder / "doorbell"
    worker = hireops.worker()
    away = folder.rename(folder.with_name("away"))
    folder.write_text("a file in the way")
    wait_until(lambda: "Cannot connect" in hireops.output.read_text(), what="the worker did not notice")

    folder.unlink()
    away.rename(folder)
    with Connection(hireops.environment["CELERY_BROKER_URL"]) as connection:
        app = Celery(broker=connection.as_uri(), set_as_current=False)
        app.send_task("hireops.inbox.tasks.drain", connection=connection)

    wait_until(
        lambda: not list(folder.glob("celery/*.message")), seconds=15, what="the message was not taken"
    )
    assert worker.poll() is None
    assert hireops.output.read_text().count("Connection to broker lost") == 1
