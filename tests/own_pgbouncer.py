"""PgBouncer with what is shipped for it, of our own; it may be killed, and led to another server."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from hireops.environment import database_of
from tests.environment import ROOT
from tests.own_postgresql import NOBODY
from tests.postgresql import PostgreSQL
from tests.processes import free_port

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
SETTINGS = ROOT / "deploy" / "pgbouncer" / "pgbouncer.ini"
ANSWERS_AFTER_S = 30


class OwnPgBouncer:
    """Before ``server``, for all of its databases and whoever comes; only that is not as in the file."""

    def __init__(self, folder: Path, server: PostgreSQL) -> None:
        self.folder, self.port = folder, free_port()
        self._user = NOBODY if os.geteuid() == 0 else None  # it does not run as root
        self._lead_to(server)
        self.start()

    def url_of(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def _lead_to(self, server: PostgreSQL) -> None:
        settings = SETTINGS.read_text()
        database = database_of(server.url)
        host = f"host={database['HOST']} port={database['PORT'] or 5432} user=postgres"
        for as_it_is, here in (
            ("hireops = host=db.internal port=5432 dbname=hireops", f"* = {host}"),
            ("listen_port = 6432", f"listen_port = {self.port}"),
            ("auth_type = scram-sha-256", "auth_type = any"),
            ("auth_file = /etc/pgbouncer/userlist.txt", ""),
        ):
            assert as_it_is in settings, as_it_is
            settings = settings.replace(as_it_is, here)
        self._settings = self.folder / "pgbouncer.ini"
        self._settings.write_text(settings)
        if self._user:
            shutil.chown(self._settings, self._user)

    def start(self) -> None:
        with (self.folder / "pgbouncer.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(PGBOUNCER), str(self._settings)], stdout=log, stderr=log, user=self._user
            )
        deadline = time.monotonic() + ANSWERS_AFTER_S
        while not self._answers():
            told = (self.folder / "pgbouncer.log").read_text()
            assert self._process.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    def lead_to(self, server: PostgreSQL) -> None:
        """As after a failover: another host in its file, and a reload."""
        self._lead_to(server)
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def own_pgbouncer(server: PostgreSQL) -> Iterator[OwnPgBouncer]:
    with tempfile.TemporaryDirectory(prefix="pgbouncer-", dir="/tmp") as name:
        if os.geteuid() == 0:
            shutil.chown(name, NOBODY)
        pooler = OwnPgBouncer(Path(name), server)
        try:
            yield pooler
        finally:
            pooler.kill()
