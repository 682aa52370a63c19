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
from datetime import timedelta

LEASE_S = 60.0
QUIET_S = 30.0

DRAIN_FOR_S = 15.0
WATCH_S = 6.0
SHORTEST_LOOK_S = 0.05

GIVE_UP_AFTER = timedelta(hours=24)
SYSTEM_ERROR_TRIES = 5
APPLY_TRIES = 5
RESOLVE_TRIES = 5
LONGEST_PAUSE_S = 60.0
# A call that our own quota holds back is there a little before its turn (``quotas.MAX_WAIT_S`` is longer).
READY_BEFORE_TURN_S = 1.0


def pause_before(next_try: int) -> float:
    """Seconds to wait before try number 2, 3, ...: up to 1, 2, 4 ... 60, evenly spread (contract 8.4).

    Evenly from nothing on: calls that failed together do not come back together.
    """
    longest = min(LONGEST_PAUSE_S, 2.0 ** min(next_try - 2, 10))
    return random.uniform(0, longest)  # noqa: S311 - spreads load, hides nothing


def closed_after(failures: int) -> float:
    """Seconds for which a channel is closed after so many failures in a row: 0, 1, 2, 4 ... 60."""
    return min(LONGEST_PAUSE_S, 2.0 ** min(failures - 1, 10)) if failures > 0 else 0.0
