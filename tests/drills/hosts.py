"""hireops on several machines, all of them here.

nginx before two web hosts, three worker hosts, two beats, RabbitMQ, and PostgreSQL with a standby behind
PgBouncer.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from kombu import Connection

from tests.databases import Database
from tests.deploy.site import NGINX, Nginx
from tests.drills.world import World
from tests.own_pgbouncer import PGBOUNCER, OwnPgBouncer, own_pgbouncer
from tests.own_postgresql import STANDBY, OwnPostgreSQL, own_postgresql
from tests.own_rabbitmq import SCRIPT, OwnRabbitMQ
from tests.processes import Hireops, Process, free_port, wait_until
from tests.simulator_process import running_simulator

KEYS = ("FEISHU_APP_ID", "FEISHU_APP_SECRET", "FEISHU_ENCRYPT_KEY", "FEISHU_VERIFICATION_TOKEN")
NAME = "hireops"
LAGS_S = 1
WEB_HOSTS, WORKER_HOSTS, BEATS = 2, 3, 2


def missing() -> list[str]:
    """What is not installed here."""
    needed = {"nginx": NGINX, "PgBouncer": PGBOUNCER, "RabbitMQ": SCRIPT.exists()}
    return [name for name, found in needed.items() if not found]


class Servers(NamedTuple):
    nginx: Nginx
    broker: OwnRabbitMQ
    pooler: OwnPgBouncer
    primary: OwnPostgreSQL
    standby: OwnPostgreSQL


class Hosts:
    """What runs on each host has a folder of its own."""

    def __init__(self, world: World, servers: Servers) -> None:
        self.world, self.hireops, self.servers = world, world.hireops, servers
        self.webs = [self._web(number) for number in range(WEB_HOSTS)]
        self.workers = [self._worker(number) for number in range(WORKER_HOSTS)]
        self.beats = [self._beat(number) for number in range(BEATS)]

    def _web(self, number: int) -> Process:
        self.hireops.web(
            WEB_PORT=str(self.servers.nginx.web_ports[number]), VAR_DIR=self._folder("web", number)
        )
        return self.hireops.running[-1]

    def _worker(self, number: int) -> Process:
        return self.hireops.worker(VAR_DIR=self._folder("worker", number))

    def _beat(self, number: int) -> Process:
        folder = self._folder("beat", number)
        Path(folder).mkdir(exist_ok=True)
        return self.hireops.beat("--schedule", f"{folder}/schedule", VAR_DIR=folder)

    @property
    def processes(self) -> list[Process]:
        return [*self.webs, *self.workers, *self.beats]

    def pay(self, pause_s: float) -> Process:
        """Staff begin to pay out what they know of, one account after the other."""
        return self.hireops.start(sys.executable, "-m", "tests.drills.payroll", "pay", str(pause_s))

    def _folder(self, name: str, number: int) -> str:
        return str(self.hireops.folder / f"{name}-{number}")

    def listeners(self) -> list[int]:
        """How many workers listen to the broker, by queue."""
        with Connection(self.servers.broker.url) as link:
            channel: Any = link.default_channel
            return [channel.queue_declare(queue, passive=True).consumer_count for queue in settings.QUEUES]

    # --- What fails, and comes back ----------------------------------------------------------------------

    def lose_a_web_host(self, away_s: float) -> None:
        self.hireops.kill(self.webs[0])
        time.sleep(away_s)
        self.webs[0] = self._web(0)

    def lose_a_worker_host(self, away_s: float) -> None:
        self.hireops.kill(self.workers[0])
        time.sleep(away_s)
        self.workers[0] = self._worker(0)

    def lose_a_beat(self, away_s: float) -> None:
        self.hireops.kill(self.beats[0])
        time.sleep(away_s)
        self.beats[0] = self._beat(0)

    def restart_the_broker(self, away_s: float) -> None:
        self.servers.broker.kill()
        time.sleep(away_s)
        self.servers.broker.start()  # it takes its time, and what fails next does not wait for it

    def restart_the_pooler(self, away_s: float) -> None:
        self.servers.pooler.kill()
        time.sleep(away_s)
        self.servers.pooler.start()

    def fail_over(self, away_s: float) -> None:
        """The primary crashes while its standby lags; somebody promotes that one and tells the pooler."""
        self.servers.standby.freeze()
        time.sleep(LAGS_S)
        self.servers.primary.stop("immediate")
        self.servers.standby.thaw()
        time.sleep(away_s)
        self.servers.standby.promote()
        self.servers.pooler.lead_to(self.servers.standby.server)


@contextmanager
def hosts(folder: Path) -> Iterator[Hosts]:
    with ExitStack() as stack:
        broker = OwnRabbitMQ(_made(folder / "rabbitmq"))
        stack.callback(broker.end)
        primary = stack.enter_context(own_postgresql())
        primary.server.execute(f"CREATE DATABASE {NAME}")
        Hireops(Database(primary.server.url_of(NAME)), folder).manage("migrate", "--verbosity", "0")
        standby = primary.standby()
        stack.callback(standby.end)
        pooler = stack.enter_context(own_pgbouncer(primary.server))
        _answer_only_what_both_have(primary)
        hireops = Hireops(Database(pooler.url_of(NAME)), folder)
        nginx = Nginx(NGINX, folder / "nginx", *(free_port() for _ in range(WEB_HOSTS)))
        hireops.environment |= {
            "DATABASE_POOLER": "transaction",
            "CELERY_BROKER_URL": broker.url,
            "ALLOWED_HOSTS": "localhost",
            "CSRF_TRUSTED_ORIGINS": nginx.url,
            "TRUSTED_PROXIES": "1",
        }
        keys = {name: getattr(settings, name) for name in KEYS}
        simulator = stack.enter_context(running_simulator(**keys))
        stack.callback(hireops.kill_all)
        broker.wait()
        stack.callback(nginx.stop)
        running = Hosts(World(hireops, simulator), Servers(nginx, broker, pooler, primary, standby))
        nginx.start()
        yield running


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _answer_only_what_both_have(primary: OwnPostgreSQL) -> None:
    """As docs/operations.md says: a commit waits until the standby has written it, too."""
    primary.server.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
    primary.server.execute("SELECT pg_reload_conf()")
    in_step = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
    wait_until(lambda: primary.server.execute(in_step), seconds=30, what="the standby does not follow")
