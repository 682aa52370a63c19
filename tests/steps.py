"""Steps of a check: commands whose output is shown when they have ended, and what became of their tests."""

import os
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOME_FAILED = 1  # pytest: all were run, some failed
MOST_RUN_AGAIN = 10  # one of five hundred; where more have failed it was not for want of a core


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


@dataclass
class Steps:
    """Runs commands, several at once if asked from several threads. ``end()`` ends what still runs."""

    folder: Path
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _screen: threading.Lock = field(default_factory=threading.Lock)

    def call(self, step: str, command: list[str], environment: dict[str, str]) -> tuple[int, float]:
        """Exit code and seconds."""
        started = time.monotonic()
        output = self.folder / f"{time.monotonic_ns()}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            self._running.append(process)
            code = process.wait()
        seconds = time.monotonic() - started
        with self._screen:
            say(f"\n=== {step}")
            say(output.read_text(errors="replace").rstrip())
        return code, seconds

    def check(self, step: str, command: list[str], environment: dict[str, str]) -> Result:
        code, seconds = self.call(step, command, environment)
        return Result(step, ok=code == 0, seconds=seconds, failed=int(code != 0))

    def end(self) -> None:
        for process in self._running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)  # pytest then ends what its tests have started
        for process in self._running:
            process.wait()


@dataclass
class TestRun:
    """pytest on one database. A few tests that fail may be run once more, when nothing else runs."""

    __test__ = False

    steps: Steps
    step: str
    environment: dict[str, str]
    options: list[str]
    result: Result = field(init=False)
    _may_run_again: bool = field(init=False, default=False)

    def run(self) -> None:
        """One that ends with anything but success has failed, also when no single test has."""
        report = self.steps.folder / f"{self._slug}.xml"
        code, seconds = self.steps.call(
            self.step, [*self._pytest, *self.options, "--junit-xml", str(report)], self.environment
        )
        passed, failed, skipped = counts(report)
        self._may_run_again = code == SOME_FAILED and 0 < failed <= MOST_RUN_AGAIN
        if code != 0 and failed == 0:
            failed = 1
        note = f"{passed} passed, {failed} failed, {skipped} skipped, exit code {code}"
        self.result = Result(self.step, code == 0 and failed == 0, seconds, passed, failed, note)

    def run_again(self) -> None:
        if not self._may_run_again:
            return
        again = [*self._pytest, "--last-failed", "--last-failed-no-failures", "none"]
        code, more = self.steps.call(f"{self.step}, once more and alone", again, self.environment)
        self.result.seconds += more
        if code == 0:
            self.result.note += f", {self.result.failed} of them passed when run alone"
            self.result.passed, self.result.failed = self.result.passed + self.result.failed, 0
            self.result.ok = True

    @property
    def _pytest(self) -> list[str]:
        # Each run remembers its own failures: two write at once.
        cache = f"cache_dir={self.steps.folder / self._slug}"
        return [sys.executable, "-m", "pytest", "--ds", "tests.settings", "-o", cache]

    @property
    def _slug(self) -> str:
        return self.step.replace(" ", "-")


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
