"""``python -m tests``: all that has to hold, on SQLite and on PostgreSQL; ``make test`` and CI call it.

Each step shows its own output, a failing one does not keep the next from running, and a table ends the
whole. A few tests that fail are run once more, alone: processes that are killed and clocks that are raced
need a machine that is not starved. The table says how many needed it; one that fails twice has failed. The
last line is ``N passed, N failed`` over all tests; any other failing step counts as one failed.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.environment import pinned
from tests.own_postgresql import FORGETFUL, own_postgresql
from tests.postgresql import NoPostgreSQLError
from tests.servers import brokers

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PROCESSES = "2"
MOST_RUN_AGAIN = 3
SOME_FAILED = 1  # pytest: all were run, some failed

CHECKS = {
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "lint": [str(BIN / "ruff"), "check", "."],
    "types": [str(BIN / "mypy")],
    "import contracts": [str(BIN / "lint-imports")],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
}


@dataclass
class Result:
    step: str
    ok: bool
    seconds: float
    passed: int = 0
    failed: int = 0
    note: str = ""

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "FAILED"
        return f"{self.step:<24}{verdict:<8}{self.seconds:>7.1f} s   {self.note}".rstrip()


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def call(step: str, command: list[str], environment: dict[str, str]) -> tuple[int, float]:
    """Exit code and seconds of one step, whose output goes straight to the screen."""
    say(f"\n=== {step}")
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
    return code, time.monotonic() - started


def check(step: str, command: list[str], environment: dict[str, str]) -> Result:
    code, seconds = call(step, command, environment)
    return Result(step, ok=code == 0, seconds=seconds, failed=int(code != 0))


def run_pytest(step: str, environment: dict[str, str], folder: Path) -> Result:
    """A run that ends with anything but success has failed, also when no single test has."""
    report = folder / f"{time.monotonic_ns()}.xml"
    command = [sys.executable, "-m", "pytest", "--ds", "tests.settings"]
    code, seconds = call(step, [*command, "-n", PROCESSES, "--junit-xml", str(report)], environment)
    passed, failed, skipped = counts(report)
    note = ""
    if code == SOME_FAILED and 0 < failed <= MOST_RUN_AGAIN:
        again = [*command, "--last-failed", "--last-failed-no-failures", "none"]
        code, more = call(f"{step}, once more and alone", again, environment)
        seconds += more
        if code == 0:
            passed, failed, note = passed + failed, 0, f", {failed} of them only when run alone"
    if code != 0 and failed == 0:
        failed = 1
    note = f"{passed} passed, {failed} failed, {skipped} skipped, exit code {code}{note}"
    return Result(
        step, ok=code == 0 and failed == 0, seconds=seconds, passed=passed, failed=failed, note=note
    )


def counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests; an error counts as failed, a missing report as nothing at all."""
    if not report.exists():
        return 0, 0, 0
    suites = ET.parse(report).getroot().findall("testsuite")
    tests, failures, errors, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    )
    return max(tests - failures - errors - skipped, 0), failures + errors, skipped


def run_pytest_on_postgresql(folder: Path) -> tuple[Result, str]:
    """The result, and what it ran on: a server of our own on its socket, whatever else is here."""
    try:
        with own_postgresql(**FORGETFUL) as own:
            url = own.server.url_of("hireops")
            return run_pytest("pytest on PostgreSQL", {"DATABASE_URL": url}, folder), own.server.found
    except (NoPostgreSQLError, psycopg.Error) as reason:
        return Result(
            "pytest on PostgreSQL", ok=False, seconds=0, failed=1, note=str(reason).strip()
        ), "NOT COVERED"


def summarise(results: list[Result], postgresql_found: str) -> None:
    say("\n=== summary")
    for result in results:
        say(str(result))
    say()
    say(f"databases: SQLite; PostgreSQL ({postgresql_found})")
    say(f"brokers: embedded; {'; '.join(brokers()) or 'neither Redis nor RabbitMQ answers here'}")
    passed, failed = sum(result.passed for result in results), sum(result.failed for result in results)
    say(f"{passed} passed, {failed} failed")


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    with tempfile.TemporaryDirectory(prefix="hireops-tests-") as name:
        folder = Path(name)
        environment = pinned(folder / "var")
        results = [check(step, command, environment) for step, command in CHECKS.items()]
        results.append(run_pytest("pytest on SQLite", {"DATABASE_URL": ""}, folder))
        on_postgresql, found = run_pytest_on_postgresql(folder)
        results.append(on_postgresql)
    summarise(results, found)
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
