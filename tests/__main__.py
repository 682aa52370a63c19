"""``python -m tests``: all that has to hold, on SQLite and on PostgreSQL; ``make test`` and CI call it.

``python -m tests --fast`` is ``make check``: what takes seconds, on SQLite, for whoever changes a line.

Steps run side by side, each shows its output when it ends, and a table ends the whole. A few tests that fail
are run once more, alone: processes that are killed and clocks that are raced need a machine that is not
starved. The table says how many needed it; one that fails twice has failed. The last line is
``N passed, N failed`` over all tests; any other failing step counts as one failed.
"""

import argparse
import os
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.environment import pinned
from tests.own_postgresql import FORGETFUL, own_postgresql
from tests.postgresql import NoPostgreSQLError
from tests.servers import brokers
from tests.steps import Result, Steps, TestRun, say

BIN = Path(sys.executable).parent
CHECKS = {
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "lint": [str(BIN / "ruff"), "check", "."],
    "types": [str(BIN / "mypy")],
    "import contracts": [str(BIN / "lint-imports")],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
}
ON_SQLITE, ON_POSTGRESQL = "pytest on SQLite", "pytest on PostgreSQL"
# For two cores: what waits is with PostgreSQL, so together there are more workers than cores.
WORKERS = {ON_SQLITE: "2", ON_POSTGRESQL: "3"}


def check_all(steps: Steps, runs: list[TestRun]) -> list[Result]:
    """Checks in turn, beside them the test runs."""
    environment = pinned(steps.folder / "var")
    with ThreadPoolExecutor() as lanes:
        try:
            under_way = [lanes.submit(run.run) for run in runs]
            checked = [steps.check(step, command, environment) for step, command in CHECKS.items()]
            for each in under_way:
                each.result()
        except BaseException:
            steps.end()
            raise
    for run in runs:
        run.run_again()
    return [*checked, *(run.result for run in runs)]


def pytest_run(steps: Steps, step: str, database_url: str, *options: str) -> TestRun:
    # A file's tests on one worker, so that what they share is made once, and in our order (selection.py).
    shared = ["-n", WORKERS[step], "--dist", "loadfile", "--no-loadscope-reorder", *options]
    return TestRun(steps, step, {"DATABASE_URL": database_url}, shared)


def all_tests(steps: Steps, stack: ExitStack) -> tuple[list[TestRun], list[Result], str]:
    """The runs, what is failed before it begins, and what PostgreSQL it is."""
    on_sqlite = pytest_run(steps, ON_SQLITE, "", "--share")
    try:
        server = stack.enter_context(own_postgresql(**FORGETFUL)).server
    except NoPostgreSQLError as reason:
        failed = Result(ON_POSTGRESQL, ok=False, seconds=0, failed=1, note=str(reason).strip())
        return [on_sqlite], [failed], "NOT COVERED"
    return (
        [pytest_run(steps, ON_POSTGRESQL, server.url_of("hireops"), "--share"), on_sqlite],
        [],
        server.found,
    )


def summarise(results: list[Result], databases: str) -> None:
    say("\n=== summary")
    for result in results:
        say(str(result))
    say()
    say(f"databases: {databases}")
    say(f"brokers: embedded; {'; '.join(brokers()) or 'neither Redis nor RabbitMQ answers here'}")
    passed, failed = sum(result.passed for result in results), sum(result.failed for result in results)
    say(f"{passed} passed, {failed} failed")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks hireops as CI does.")
    parser.add_argument("--fast", action="store_true", help="only what takes seconds, on SQLite")
    is_fast = parser.parse_args(arguments).fast
    # Hundreds of processes are started, and each would compile all that it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    with tempfile.TemporaryDirectory(prefix="hireops-tests-") as name, ExitStack() as stack:
        steps = Steps(Path(name))
        if is_fast:
            results = check_all(steps, [pytest_run(steps, ON_SQLITE, "", "--fast")])
            summarise(results, "SQLite")
        else:
            runs, failed, postgresql = all_tests(steps, stack)
            results = check_all(steps, runs) + failed
            summarise(results, f"SQLite; PostgreSQL ({postgresql})")
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
