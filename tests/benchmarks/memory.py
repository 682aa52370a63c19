"""What an idle hireops takes of a machine's memory: ``python -m tests.benchmarks.memory``

Each program of supervisord.conf is started by its command there, on an empty SQLite and, with a DATABASE_URL
of PostgreSQL, on that too. After 30 s (``--after 60`` for another time) the table says the proportional set
size (PSS: what several processes share counts once) of each with its children, in MiB. Linux only.

What is tried is said by the environment, such as ``MALLOC_ARENA_MAX=2`` or ``GUNICORN_CMD_ARGS=--preload``.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.ground import ground, kinds
from tests.environment import ROOT
from tests.own_postgresql import children_of
from tests.processes import Hireops

PROGRAMS = ("web", "worker", "beat")
ENDS_WITHIN_S = 30
LINE = "{:<22}{:>9}{:>12}{:>9}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="The memory of an idle hireops.")
    parser.add_argument("--after", type=float, default=30, help="seconds from the start until it is measured")
    chosen = parser.parse_args(arguments)
    given = dict(os.environ)
    print(LINE.format("PSS, MiB", "database", "processes", "MiB"))  # noqa: T201 - the output of a script
    for kind in kinds():
        with ground(kind) as place:
            for name, (processes, pss) in measured(place.hireops, given, chosen.after).items():
                print(LINE.format(name, kind[:8], processes, f"{pss:.1f}"))  # noqa: T201
    return 0


def measured(hireops: Hireops, given: dict[str, str], after_s: float) -> dict[str, tuple[int, float]]:
    """How many processes each program has, and how much they take; all together at the end."""
    environment = {**given, **hireops.environment, **_values(hireops)}
    with _running(environment) as programs:
        time.sleep(after_s)
        trees = {name: _tree(program.pid) for name, program in programs.items()}
        found = {name: (len(tree), sum(map(_pss_mib, tree))) for name, tree in trees.items()}
    return {**found, "all": (sum(n for n, _ in found.values()), sum(mib for _, mib in found.values()))}


def _values(hireops: Hireops) -> dict[str, str]:
    """What ``manage.py run`` tells supervisord."""
    return {
        "BIN": str(Path(sys.executable).parent),
        "VAR_DIR": str(hireops.folder),
        "WEB_HOST": "127.0.0.1",
    }


@contextmanager
def _running(environment: dict[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    config = RawConfigParser()
    config.read(ROOT / "supervisord.conf")
    wanted = [name for name in PROGRAMS if config.has_section(f"program:{name}")]
    programs = {name: _start(dict(config[f"program:{name}"]), environment) for name in wanted}
    try:
        yield programs
    finally:
        for program in programs.values():
            program.terminate()
        for program in programs.values():
            program.wait(ENDS_WITHIN_S)


def _start(section: dict[str, str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    said = {name: _filled_in(value, environment) for name, value in section.items()}
    own = dict(pair.split("=", 1) for pair in shlex.split(said.get("environment", "").replace(",", " ")))
    return subprocess.Popen(shlex.split(said["command"]), cwd=ROOT, env={**environment, **own})


def _filled_in(value: str, environment: dict[str, str]) -> str:
    return re.sub(r"%\(ENV_(\w+)\)s", lambda named: environment[named[1]], value)


def _tree(pid: int) -> list[int]:
    return [pid, *(each for child in children_of(pid) for each in _tree(child))]


def _pss_mib(pid: int) -> float:
    kib = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(kib[1]) / 1024 if kib else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
