"""How long things may take. The figures belong together: read the whole page before changing one.

A request may leave only while ``QUIET_S`` of its worker's lease are left (``hireops.deadline``). So when a
lease runs out, whatever was sent under it has been on its way for ``QUIET_S`` at least, and can no longer
land after what is sent next. ``QUIET_S`` is also more than a request may take (``FEISHU_CONNECT_TIMEOUT``
and ``FEISHU_READ_TIMEOUT``, 13 s together), so a worker that lives has the time to write down the answer.

A worker that is told to stop is killed after 30 s (supervisord.conf): no drain goes on for longer than
``DRAIN_FOR_S`` before its last request leaves. Between two drains beat looks every 5 s: what is due within
``WATCH_S`` is waited for, so that nothing waits for beat.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

LEASE_S = 60.0
QUIET_S = 30.0

DRAIN_FOR_S = 15.0
WATCH_S = 6.0
SHORTEST_LOOK_S = 0.05

SYSTEM_ERROR_TRIES = 5
APPLY_TRIES = 5
RESOLVE_TRIES = 5
LONGEST_PAUSE_S = 60.0
# A call that our own quota holds back is there a little before its turn (``quotas.MAX_WAIT_S`` is longer).
READY_BEFORE_TURN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Until when a call that fails is tried again by itself, and how long it pauses.

    Pauses grow to a minute, and on to ``part_of_age`` of the call's age, but not beyond ``longest_pause``;
    so for pauses longer than a minute both are needed.
    With ``give_up_after`` a person has to decide in the end; None: it is tried for ever, and calls of its
    target that were enqueued later may leave while it pauses.
    """

    give_up_after: timedelta | None = timedelta(hours=24)
    part_of_age: float = 0.0
    longest_pause: timedelta = timedelta(seconds=LONGEST_PAUSE_S)

    def __post_init__(self) -> None:
        if self.longest_pause > timedelta(seconds=LONGEST_PAUSE_S) and not self.part_of_age:
            raise ValueError("pauses grow beyond a minute only by part_of_age")

    @property
    def never_gives_up(self) -> bool:
        return self.give_up_after is None

    def pause_before(self, next_try: int, *, age: timedelta) -> float:
        """Seconds to wait before try number 2, 3, ... of a call that is so old."""
        return min(max(pause_before(next_try), self.pause_at(age)), self.longest_pause.total_seconds())

    def pause_at(self, age: timedelta) -> float:
        """What a call that is so old waits at least."""
        part = max(age, timedelta()) * self.part_of_age
        return min(part, self.longest_pause).total_seconds()


FOR_A_DAY = RetryPolicy()


def pause_before(next_try: int) -> float:
    """Seconds to wait before try number 2, 3, ...: up to 1, 2, 4 ... 60, evenly spread (contract 8.4).

    Evenly from nothing on: calls that failed together do not come back together.
    """
    longest = min(LONGEST_PAUSE_S, 2.0 ** min(next_try - 2, 10))
    return random.uniform(0, longest)  # noqa: S311 - spreads load, hides nothing


def closed_after(failures: int) -> float:
    """Seconds for which a channel is closed after so many failures in a row: 0, 1, 2, 4 ... 60."""
    return min(LONGEST_PAUSE_S, 2.0 ** min(failures - 1, 10)) if failures > 0 else 0.0
