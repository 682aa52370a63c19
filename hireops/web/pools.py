"""Whose request it is, and the threads that answer it: nobody waits for somebody else's (decisions/0019)."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")

WEBHOOK_PATH = "/webhook/event"
REPORT_PATHS = "/reports/"
PROBE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
EVENT_MAX_BYTES = 1024 * 1024
FORM_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Pool:
    """``body_max``: up to how many bytes a body is awaited before a thread is given to its request.

    ``in_hand_max``: how many requests may have or await a thread; whoever comes then is told to come again.
    """

    name: str
    body_max: int
    in_hand_max: int


# Its threads answer what Feishu does not send (chunks, other methods); deliveries have one (decisions/0046).
FEISHU = Pool("feishu", EVENT_MAX_BYTES, 400)
PROBES = Pool("probes", 0, 20)
PAGES = Pool("pages", FORM_MAX_BYTES, 64)
# Report links, which whoever has one fetches: a slow reader holds a thread that nobody else waits for.
REPORTS = Pool("reports", 0, 64)
# A body that is too large to be awaited: its thread reads it as it comes, and first asks who sends it.
UPLOADS = Pool("uploads", 0, 8)

# Two may hash a password and two wait for that (hireops.people.hashing): as many again go on as ever.
MORE_THREADS_FOR_PAGES = 2
THREADS_FOR_PROBES = THREADS_FOR_UPLOADS = 2
THREADS_FOR_REPORTS = 6


def pool_of(path: str) -> Pool:
    """The pool of a path as it stands in the request line, without its query."""
    if path == WEBHOOK_PATH:
        return FEISHU
    if path.startswith(REPORT_PATHS):
        return REPORTS
    return PROBES if path in PROBE_PATHS else PAGES


class Pools:
    """The threads of one process."""

    def __init__(self, threads: int) -> None:
        numbers = {
            FEISHU: threads,
            PROBES: THREADS_FOR_PROBES,
            PAGES: threads + MORE_THREADS_FOR_PAGES,
            UPLOADS: THREADS_FOR_UPLOADS,
            REPORTS: THREADS_FOR_REPORTS,
        }
        self._executors = {
            pool: ThreadPoolExecutor(number, thread_name_prefix=pool.name) for pool, number in numbers.items()
        }
        self._in_hand: Counter[Pool] = Counter()

    def is_full(self, pool: Pool) -> bool:
        return self._in_hand[pool] >= pool.in_hand_max

    def submit(self, pool: Pool, handle: Callable[[Given], Answer], given: Given) -> "Future[Answer]":
        return self._executors[pool].submit(handle, given)

    def begin(self, pool: Pool) -> None:
        self._in_hand[pool] += 1

    def done(self, pool: Pool) -> None:
        self._in_hand[pool] -= 1

    def shutdown(self, *, wait: bool) -> None:
        for executor in self._executors.values():
            executor.shutdown(wait=wait)
