"""Whether a process of hireops gathers garbage, found out in it. A worker may include this."""

import gc
import os
from pathlib import Path

from celery.signals import worker_ready


class Cycle:
    alive = 0

    def __init__(self) -> None:
        self.itself = self
        Cycle.alive += 1

    def __del__(self) -> None:
        Cycle.alive -= 1


def gathered() -> int:
    """How many cycles are left that had become old before nobody held them any more.

    As many looks at what is young have been made as CPython makes before it looks at all, if it does.
    """
    for _ in range(gc.get_threshold()[2] + 1):
        cycles = [Cycle() for _ in range(100)]
        gc.collect(1)
        del cycles
    _ = [[] for _ in range(2 * gc.get_threshold()[0])]  # CPython looks by itself
    return Cycle.alive


@worker_ready.connect
def say_how_many(**_details: object) -> None:
    Path(os.environ["HIREOPS_TEST_GATHERED"]).write_text(str(gathered()))
