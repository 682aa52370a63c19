"""One thread that answers Feishu: whatever has come while it was busy, it takes at once (decisions/0046)."""

import logging
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from time import sleep
from typing import Any, Generic, NamedTuple, TypeVar

logger = logging.getLogger(__name__)

Given = TypeVar("Given")

TOGETHER_MAX = 64
# Where several came at once more are on their way, and what is done once for all of them costs each less.
GATHER_S = 0.0001


class Delivery(NamedTuple):
    """One request with a body: ``meta`` as in WSGI's environment, ``body`` as it came.

    ``came_at``: by ``monotonic``, when it was wholly there.
    """

    meta: Mapping[str, Any]
    body: bytes
    came_at: float


class Answer(NamedTuple):
    """JSON, with its status."""

    status: int
    content: bytes


class Together(Generic[Given]):
    """A thread to which things are given one by one, and which handles them by as many as have come.

    ``handle`` is to raise nothing; if it does, that is logged, and the thread goes on.
    """

    def __init__(self, handle: Callable[[list[Given]], None]) -> None:
        self._handle = handle
        self._given: SimpleQueue[Given] = SimpleQueue()
        Thread(target=self._run, name="deliveries", daemon=True).start()

    def give(self, one: Given) -> None:
        self._given.put(one)

    def _run(self) -> None:
        taken: list[Given] = []
        while True:
            came_together = len(taken) > 1
            taken = [self._given.get()]
            if came_together:
                sleep(GATHER_S)
            self._take_all(taken)
            try:
                self._handle(taken)
            except Exception:
                logger.exception("%d deliveries are not answered", len(taken))

    def _take_all(self, taken: list[Given]) -> None:
        while len(taken) < TOGETHER_MAX:
            try:
                taken.append(self._given.get_nowait())
            except Empty:
                return
