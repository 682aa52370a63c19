"""CPU seconds that processes have used with all their children, and the machine as a whole. Linux only."""

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
IDLE, WAITING_FOR_DISK, GUEST = 3, 4, 8  # columns of the first line of /proc/stat
# Of /proc/PID/stat, counted from behind the name, which may hold spaces.
PARENT, USER, WAITED_FOR_SYSTEM = 1, 11, 14
QUIET_CORES = 0.1


def parent_of(pid: int) -> int:
    return _parents_and_ticks()[pid][0]


def of_trees(roots: Mapping[str, int]) -> dict[str, float]:
    """Of each process that is named, with its children and theirs, also those that have ended."""
    processes = _parents_and_ticks()
    children: dict[int, list[int]] = defaultdict(list)
    for pid, (parent, _) in processes.items():
        children[parent].append(pid)

    def ticks(pid: int) -> int:
        own = processes[pid][1] if pid in processes else 0
        return own + sum(ticks(child) for child in children[pid])

    return {name: ticks(pid) / TICKS_PER_S for name, pid in roots.items()}


def of_machine() -> float:
    """Also what its host has taken away from it."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (sum(ticks[:GUEST]) - ticks[IDLE] - ticks[WAITING_FOR_DISK]) / TICKS_PER_S


class Meter:
    """What the trees, this process and everybody else have used since it was made."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = roots
        self._trees, self._machine, self._own = of_trees(roots), of_machine(), time.process_time()

    def read(self) -> tuple[dict[str, float], float]:
        """CPU seconds of each tree, and of the others on this machine."""
        own, machine = time.process_time() - self._own, of_machine() - self._machine
        used = {name: seconds - self._trees[name] for name, seconds in of_trees(self._roots).items()}
        return used, max(machine - own - sum(used.values()), 0)


def wait_for_quiet(at_most_s: float = 20.0) -> None:
    """Until nothing much runs on the machine, or for so long."""
    deadline = time.monotonic() + at_most_s
    while time.monotonic() < deadline:
        before = of_machine()
        time.sleep(0.5)
        if (of_machine() - before) / 0.5 < QUIET_CORES:
            return


def _parents_and_ticks() -> dict[int, tuple[int, int]]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks = sum(int(field) for field in fields[USER : WAITED_FOR_SYSTEM + 1])
            found[int(folder.name)] = int(fields[PARENT]), ticks
    return found
