"""A worker is killed at each point that matters; nothing is lost and nothing unsafe is doubled."""

import sys

import pytest

from tests.selection import also_on_sqlite

STATES = "SELECT state FROM outbox_call ORDER BY id"
OUTCOMES = "SELECT outcome FROM outbox_attempt WHERE call_id = (SELECT min(id) FROM outbox_call) ORDER BY id"


def run(hireops, *arguments, **variables):
    sent = hireops.folder / "sent.txt"
    process = hireops.start(
        sys.executable, "-m", "tests.outbox.mortal", *arguments, SENT_FILE=str(sent), **variables
    )
    code = process.wait(60)
    hireops.running.remove(process)
    return code, sent.read_text().split() if sent.exists() else []


@pytest.mark.parametrize(
    ("point", "sent_when_killed", "sent_in_the_end"),
    [
        ("outbox.claimed", [], ["0", "1", "2"]),
        ("outbox.before_send", [], ["0", "1", "2"]),
        ("outbox.after_send", ["0"], ["0", "0", "1", "2"]),
        ("outbox.before_commit", ["0"], ["0", "0", "1", "2"]),
    ],
)
def test_a_safe_call_whose_worker_is_killed_is_done_after_its_lease(
    hireops, point, sent_when_killed, sent_in_the_end
):
    assert run(hireops, "enqueue-and-drain", "safe", HIREOPS_DIE_AT=point) == (-9, sent_when_killed)
    assert hireops.database.rows(STATES) == [("pending",)] * 3
    assert hireops.database.rows(OUTCOMES) == [("",)]
    assert run(hireops, "later", "safe") == (0, sent_in_the_end)
    assert hireops.database.rows(STATES) == [("succeeded",)] * 3
    assert hireops.database.rows(OUTCOMES) == [("lost",), ("success",)]
    hireops.manage("check_invariants")


@also_on_sqlite
@pytest.mark.parametrize("point", ["outbox.before_send", "outbox.after_send:2", "outbox.before_commit"])
def test_an_unsafe_call_whose_worker_is_killed_is_not_sent_twice_and_stands_waiting(hireops, point):
    code, _sent = run(hireops, "enqueue-and-drain", "unsafe", HIREOPS_DIE_AT=point)
    assert code == -9
    code, sent = run(hireops, "later", "unsafe")
    assert code == 0
    assert sent == (["1", "2"] if point == "outbox.before_send" else ["0", "1", "2"])
    states = [state for (state,) in hireops.database.rows(STATES)]
    killed = 1 if point.endswith(":2") else 0
    assert states == ["waiting" if number == killed else "succeeded" for number in range(3)]
    hireops.manage("check_invariants")
