"""What takes the events in: hireops as users run it, and the minimal project, each on databases of its own.

``hireops`` is started by the commands of supervisord.conf. The minimal one has as many processes and threads
before it, and a worker of two processes where its events are to be handled.
"""

import configparser
import contextlib
import os
import re
import shlex
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from tests.benchmarks import cpu
from tests.benchmarks.brokers import wait_until
from tests.benchmarks.event_load import APP_ID, ENCRYPT_KEY, VERIFICATION_TOKEN, Sender
from tests.databases import Database
from tests.environment import ROOT
from tests.postgresql import PostgreSQL
from tests.processes import BIN, Hireops
from tests.servers import brokers as brokers_here

STARTS_WITHIN_S = 60
NO_PROGRESS_S = 60
APP = {
    "FEISHU_APP_ID": APP_ID,
    "FEISHU_APP_SECRET": "nobody is called",
    "FEISHU_BASE_URL": "http://127.0.0.1:9",
    "FEISHU_ENCRYPT_KEY": ENCRYPT_KEY,
    "FEISHU_VERIFICATION_TOKEN": VERIFICATION_TOKEN,
}

PROJECT = "tests.benchmarks.minimal"
QUIET_WORKER = ["--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat"]


@dataclass(frozen=True)
class Kind:
    name: str
    settings: str
    table: str

    def web(self, variables: Mapping[str, str]) -> list[str]:
        if self is HIREOPS:
            return supervised("web", variables)[0]
        bind = ["--bind", f"127.0.0.1:{variables['WEB_PORT']}"]
        size = ["--workers", "2", "--worker-class", "gthread", "--threads", "4"]
        quiet = ["--no-control-socket", "--log-level", "warning"]
        return [str(BIN / "gunicorn"), f"{PROJECT}.wsgi", *bind, *size, *quiet]

    def worker(self, variables: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        if self is HIREOPS:
            return supervised("worker", variables)
        command = [str(BIN / "celery"), "--quiet", "-A", f"{PROJECT}.worker", "worker", "--concurrency", "2"]
        schedule = str(Path(variables["VAR_DIR"], "beat"))
        return [*command, *QUIET_WORKER, "--beat", "--schedule", schedule], {}


HIREOPS = Kind("hireops", "hireops.settings", "inbox_event")
MINIMAL = Kind("minimal", f"{PROJECT}.settings", "minimal_event")


def supervised(program: str, variables: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The command of a program in supervisord.conf and the variables that it is given there."""
    config = configparser.RawConfigParser()
    config.read(ROOT / "supervisord.conf")
    section = config[f"program:{program}"]

    def filled_in(text: str) -> str:
        return re.sub(r"%\(ENV_(\w+)\)s", lambda name: variables[name[1]], text)

    given = re.findall(r'(\w+)="([^"]*)"', filled_in(section.get("environment", "")))
    return shlex.split(filled_in(section["command"])), dict(given)


class Place:
    """The servers and the folder that all targets share."""

    def __init__(self, server: PostgreSQL, folder: Path) -> None:
        self.folder = folder
        self._server = server
        self._prefix = f"bench_events_{os.getpid()}"
        self._templates: dict[Kind, Database] = {}
        self._redis = brokers_here().get("redis", "")
        self.broker = "Redis" if self._redis else "the embedded one"
        self.servers = _process("postgres", "postgres", self._checkpointers_parent)
        if self._redis:
            client: Any = redis.Redis.from_url(self._redis)
            self.servers |= _process("broker", "redis", lambda: client.info("server")["process_id"])

    def _checkpointers_parent(self) -> int:
        rows = self._server.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
        return cpu.parent_of(rows[0][0])

    def version(self) -> str:
        return str(self._server.execute("SHOW server_version")[0][0])

    def checkpoint(self) -> None:
        """So that none falls into what is measured next. Not everybody may ask for one."""
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            self._server.execute("CHECKPOINT")

    @contextmanager
    def target(self, kind: Kind, *, rings: bool = False) -> Iterator["Target"]:
        """One of that kind on an empty database and a broker of its own; nothing is started yet."""
        database = self._template(kind).copy(self.folder)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        with self._own_broker(folder) as broker_url:
            target = Target(kind, self.servers, Hireops(database, folder), broker_url, rings=rings)
            try:
                yield target
            finally:
                target.processes.kill_all()
                database.drop()

    def _template(self, kind: Kind) -> Database:
        if kind not in self._templates:
            name = f"{self._prefix}_{kind.name}"
            self._server.execute(f'CREATE DATABASE "{name}"')
            self._templates[kind] = database = Database(self._server.url_of(name))
            processes = Hireops(database, self.folder)
            command = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
            processes.environment |= APP | {"DJANGO_SETTINGS_MODULE": kind.settings}
            migrate = processes.start(*command)
            if migrate.wait():
                raise RuntimeError(processes.output.read_text()[-3000:])
        return self._templates[kind]

    @contextmanager
    def _own_broker(self, folder: Path) -> Iterator[str]:
        """Of Redis a database that is empty, so that nobody else hears what is rung here."""
        for number in range(15, 0, -1) if self._redis else ():
            url = urlsplit(self._redis)._replace(path=f"/{number}").geturl()
            client: Any = redis.Redis.from_url(url)
            if client.dbsize() == 0:
                client.set("taken by", self._prefix)
                try:
                    yield url
                finally:
                    client.flushdb()
                return
        yield f"embedded://{folder / 'doorbell'}"

    def drop_databases(self) -> None:
        self._server.drop_databases(self._prefix)


def _process(name: str, program: str, find: Callable[[], int]) -> dict[str, int]:
    """The process of a server, if it runs on this machine and may be looked at."""
    with contextlib.suppress(LookupError, OSError):
        pid = find()
        if Path(f"/proc/{pid}/comm").read_text().startswith(program):
            return {name: pid}
    return {}


class Target:
    """The web server, the worker and the rows of one kind."""

    def __init__(
        self,
        kind: Kind,
        servers: Mapping[str, int],
        processes: Hireops,
        broker_url: str,
        *,
        rings: bool = False,
    ) -> None:
        self.kind = kind
        self.processes = processes
        self.trees = dict(servers)
        self._variables = {
            "BIN": str(BIN),
            "VAR_DIR": str(processes.folder),
            "WEB_HOST": "127.0.0.1",
            "WEB_PORT": processes.environment["WEB_PORT"],
        }
        processes.environment |= APP | {
            "CELERY_BROKER_URL": broker_url,
            "DJANGO_SETTINGS_MODULE": kind.settings,
            "MINIMAL_RINGS": "yes" if rings else "no",
        }
        self.sender = Sender(int(self._variables["WEB_PORT"]))

    def start_web(self) -> None:
        self.trees["web"] = self.processes.start(*self.kind.web(self._variables)).pid
        url = f"http://127.0.0.1:{self._variables['WEB_PORT']}/webhook/event"
        self._wait_until(lambda: _answers(url))

    def start_worker(self) -> None:
        command, variables = self.kind.worker(self._variables)
        self.trees["worker"] = self.processes.start(*command, **variables).pid

    def start_beat(self) -> None:
        command, variables = supervised("beat", self._variables)
        self.trees["beat"] = self.processes.start(*command, **variables).pid

    def stored(self) -> int:
        return self._number(f"SELECT count(*) FROM {self.kind.table}")

    def handled(self) -> int:
        return self._number(f"SELECT count(handled_at) FROM {self.kind.table}")

    def _number(self, sql: str) -> int:
        return int(self.rows(sql)[0][0])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.processes.database.rows(sql)

    def wait_until_all_is_handled(self) -> int:
        """How many are left when nothing has moved for a while: 0, if all is well."""
        stored, handled, since = self.stored(), -1, time.monotonic()
        while (now_handled := self.handled()) < stored:
            if now_handled != handled:
                handled, since = now_handled, time.monotonic()
            if time.monotonic() - since > NO_PROGRESS_S:
                return stored - handled
            time.sleep(0.1)
        return 0

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        try:
            wait_until(is_so, STARTS_WITHIN_S)
        except TimeoutError as error:
            raise RuntimeError(self.processes.output.read_text()[-3000:]) from error


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError as answer:  # nobody gets this address, they post to it
        answer.close()
    except OSError:
        return False
    return True
