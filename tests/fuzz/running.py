"""One process of the fuzzer: cases by number, storage compared every few thousand, memory watched."""

import ctypes
import gc
import logging
import os
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.environment import pinned
from tests.fuzz.cases import case
from tests.fuzz.judging import Application, Judge, Tally
from tests.fuzz.keys import ENVIRONMENT

PIECE = 2000
WARM_UP = 0.2
LEAK_PIECES = 5
GROWTH_ALLOWED = 20.0  # MiB, of each process, from warm-up to the end
MIB = 1024 * 1024
GOLDEN, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


def case_seed(run_seed: int, number: int) -> int:
    """The seed of a case of a run: 64 bits, well mixed, different for each (splitmix64)."""
    mixed = (run_seed * 0xD1342543DE82EF95 + (number + 1) * GOLDEN) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return mixed ^ (mixed >> 31)


@dataclass
class Progress:
    done: int
    rss: float  # MiB


@dataclass
class Result:
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    rss_warm: float = 0.0  # MiB
    rss_end: float = 0.0
    allocated: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        return self.rss_end - self.rss_warm


def resident(pid: int | str = "self") -> float:
    """MiB that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def _settled_memory() -> float:
    """What is left when all that can be given back has been."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return resident()


def settle_in(url: str, folder: Path) -> None:
    """This process is from here on one that uses that database, and a doorbell of its own."""
    folder.mkdir(exist_ok=True)
    os.environ.update({**pinned(folder), **ENVIRONMENT, "DATABASE_URL": url})


def work(url: str, folder: Path, seed: int, numbers: range, told: Any) -> None:
    """All that a process of the fuzzer does."""
    settle_in(url, folder)
    application()
    be_quiet()
    told.put(run(seed, numbers, told.put, growth_allowed=GROWTH_ALLOWED))


def application() -> Application:
    from hireops.wsgi import application  # noqa: PLC0415 - reads the settings

    return application


def be_quiet() -> None:
    """A log line is made for each refusal, as in production, and thrown away."""
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - open as long as the process lives
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(nowhere)


def run(
    run_seed: int,
    numbers: range,
    say: Callable[[Progress], None] = lambda _: None,
    *,
    growth_allowed: float = float("inf"),
) -> Result:
    judge, result, started = Judge(application()), Result(), time.monotonic()
    warm_at = numbers.start + int(len(numbers) * WARM_UP)
    for first in range(numbers.start, numbers.stop, PIECE):
        piece = range(first, min(first + PIECE, numbers.stop))
        for number in piece:
            judge.try_case(case(case_seed(run_seed, number)))
        judge.settle()
        rss = _settled_memory()
        if first <= warm_at:
            result.rss_warm = rss
        say(Progress(len(piece), rss))
    result.rss_end = _settled_memory()
    result.seconds = time.monotonic() - started
    result.tally = judge.tally
    if result.growth > growth_allowed:
        result.allocated = _allocated(judge, run_seed, numbers.stop)
    return result


def _allocated(judge: Judge, run_seed: int, after: int) -> list[str]:
    """Where the memory goes: some more cases, with Python noting who asks for it."""
    tally, judge.tally = judge.tally, Tally()
    tracemalloc.start(12)
    before = tracemalloc.take_snapshot()
    for number in range(after, after + LEAK_PIECES * PIECE):
        judge.try_case(case(case_seed(run_seed, number)))
        if number % PIECE == 0:
            judge.settle()
    judge.settle()
    gc.collect()
    grown = tracemalloc.take_snapshot().compare_to(before, "traceback")
    tracemalloc.stop()
    judge.tally = tally
    return [
        f"{each.size_diff / 1024:.0f} KiB in {each.count_diff} pieces:\n"
        + "\n".join(each.traceback.format(6))
        for each in grown[:5]
    ]
