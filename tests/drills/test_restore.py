"""A database destroyed in the middle of payouts and restored from a backup, beside a Feishu that went on."""

import json
import shutil
import sqlite3
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.databases import Database
from tests.drills.world import World
from tests.own_postgresql import clients_of
from tests.postgresql import PostgreSQL
from tests.processes import Hireops, Process, free_port, wait_until
from tests.simulator_process import running_simulator

PAID, OWED, LATER, NEVER = (f"6942778198054{number:06}" for number in range(4))
ACCOUNTS = [PAID, OWED, LATER, NEVER]
pytestmark = pytest.mark.slow


class Company:
    """Staff, customers and employees around one installation, whose database can be lost."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.hireops, self.simulator = world, world.hireops, world.simulator
        self.dump = folder / "backup"
        self.worker: Process | None = None

    def do(self, *steps: str) -> str:
        return self.hireops.python("-m", "tests.drills.restoring", *steps).strip()

    def start_worker(self) -> None:
        self.worker = self.hireops.worker()

    def stop_worker(self) -> None:
        assert self.worker
        self.hireops.stop(self.worker)

    def one(self, statement: str) -> int:
        return int(self.hireops.database.rows(statement)[0][0])

    def wait(self, statement: str, expected: int, what: str) -> None:
        wait_until(lambda: self.one(statement) == expected, seconds=40, what=what)

    def bind(self, name: str) -> None:
        self.simulator.add_account(name=name)

    def back_up(self) -> None:
        url = self.hireops.database.url
        if url.startswith("sqlite"):
            with (
                closing(sqlite3.connect(urlsplit(url).path)) as live,
                closing(sqlite3.connect(self.dump)) as copy,
            ):
                live.backup(copy)
        else:
            self._run(self._client("pg_dump"), "--format=custom", f"--file={self.dump}", url)

    def destroy_and_restore(self) -> None:
        database: Database = self.hireops.database
        if database.url.startswith("sqlite"):
            path = Path(urlsplit(database.url).path)
            for ending in ("", "-wal", "-shm"):
                Path(f"{path}{ending}").unlink(missing_ok=True)
            shutil.copy(self.dump, path)
        else:
            database.drop()
            PostgreSQL(database.url).execute(f'CREATE DATABASE "{database.name}" TEMPLATE template0')
            self._run(
                self._client("pg_restore"),
                "--exit-on-error",
                "--single-transaction",
                f"--dbname={database.url}",
                str(self.dump),
            )

    def _client(self, name: str) -> str:
        version = self.one("SELECT current_setting('server_version_num')::int / 10000")
        if not (programs := clients_of(version)):
            pytest.skip(f"no {name} of PostgreSQL {version} here")
        return str(programs / name)

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def sent_since(self, before: set[str]) -> list[str]:
        """Method and interface of what has reached Feishu, but for tokens."""
        calls = [call for call in self.simulator.state("calls")["calls"] if call["log_id"] not in before]
        return [f"{call['method']} {call['path']}" for call in calls if "/auth/" not in call["path"]]

    def seen(self) -> set[str]:
        return {call["log_id"] for call in self.simulator.state("calls")["calls"]}

    def ready(self, url: str) -> dict[str, str]:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            told: dict[str, str] = json.load(answer)
        return told


@pytest.fixture
def company(hireops: Hireops, tmp_path: Path) -> Iterator[Company]:
    port = free_port()
    webhook = f"http://127.0.0.1:{port}/webhook/event"
    with running_simulator(SIMULATOR_WEBHOOK_URL=webhook) as simulator:
        hireops.environment |= {"WEB_PORT": str(port), "EVENT_JOURNAL": str(tmp_path / "journal")}
        yield Company(World(hireops, simulator), tmp_path)


def test_a_restored_database_sends_nothing_before_it_is_released_and_nothing_is_paid_twice(
    company: Company, tmp_path: Path
) -> None:
    company.hireops.web()
    _payouts_run(company)
    company.back_up()
    _it_goes_on(company)
    company.hireops.kill_all()
    company.destroy_and_restore()

    assert "Restored" in company.hireops.manage(
        "restored", "--reason", "the disk was lost", "--language", "en"
    )
    url = company.hireops.web()
    assert company.ready(url)["restored"] == "not released"
    before = company.seen()
    company.start_worker()
    assert company.do("ask", f"pay {NEVER}").startswith("refused: ")
    company.wait("SELECT count(*) FROM jobs_job WHERE finished_at IS NULL", 0, "all balances are asked for")
    company.wait("SELECT count(*) FROM outbox_call WHERE state = 'pending'", 1, "the owed one alone is left")
    _only_questions_were_asked(company, before)
    _what_was_paid_after_the_backup_is_a_case(company)

    told = company.hireops.manage("replay_bodies", str(tmp_path / "journal"))
    assert " new, " in told
    assert not told.startswith("0 new")
    assert " 0 unreadable" in told
    company.wait("SELECT count(*) FROM bindings_ecoaccount", 2, "the binding of after the backup is back")
    assert company.hireops.manage("replay_bodies", str(tmp_path / "journal")).startswith("0 new, ")
    company.wait("SELECT count(*) FROM inbox_event WHERE state = 'pending'", 0, "all events are handled")
    company.wait("SELECT count(*) FROM outbox_call WHERE state = 'pending'", 1, "what they ask is answered")
    _only_questions_were_asked(company, before)

    _released(company)
    company.wait("SELECT count(*) FROM outbox_call WHERE state = 'pending'", 0, "what was owed is sent")
    assert company.do("hand_over", f"pay {NEVER}") == "3"
    company.wait("SELECT count(*) FROM referrals_withdrawal WHERE state = 'taken'", 1, "work goes on")

    by_account = Counter(
        each["account_id"] for each in company.simulator.state("withdrawals")["withdrawals"].values()
    )
    assert by_account == Counter(ACCOUNTS)
    company.hireops.manage("check_invariants")
    company.hireops.manage("prove_balances")


def _payouts_run(company: Company) -> None:
    """One is paid, one is approved and not sent yet, two wait for their turn."""
    employees = [
        {"name": f"员工{number}", "email": f"e{number}@open.com", "account_id": account_id}
        for number, account_id in enumerate(ACCOUNTS)
    ]
    company.simulator.add_employees(*employees)
    company.start_worker()
    for number, account_id in enumerate(ACCOUNTS):
        company.simulator.reward(account_id, points=number + 1, CNY=f"{number + 1}.50")
    company.bind("背调账号 前")
    company.wait("SELECT count(*) FROM referrals_balance WHERE amount > 0", 8, "rewards are known")
    company.wait("SELECT count(*) FROM bindings_ecoaccount", 1, "a customer is bound")
    company.do("administrator", f"pay {PAID}")
    company.wait("SELECT count(*) FROM referrals_withdrawal WHERE state = 'taken'", 1, "it is taken")
    company.stop_worker()
    assert company.do("hand_over", f"pay {OWED}") == "1"


def _it_goes_on(company: Company) -> None:
    """What the backup does not know: withdrawals taken, one of them asked for since; a batch; a binding."""
    company.start_worker()
    company.do(f"pay {LATER}")
    company.wait("SELECT count(*) FROM referrals_withdrawal WHERE state = 'taken'", 2, "both are taken")
    assert company.do("hand_over") == "2"
    company.bind("背调账号 后")
    company.wait("SELECT count(*) FROM bindings_ecoaccount", 2, "another customer is bound")
    company.wait("SELECT count(*) FROM inbox_event WHERE state = 'pending'", 0, "all events are handled")
    company.simulator.wait_for(lambda state: all(each["state"] == "delivered" for each in state["events"]))


def _only_questions_were_asked(company: Company, before: set[str]) -> None:
    sent = company.sent_since(before)
    assert sent
    assert {each for each in sent if not each.startswith("GET ")} == set()


def _what_was_paid_after_the_backup_is_a_case(company: Company) -> None:
    cases = company.hireops.database.rows(
        "SELECT a.account_id, c.kind, c.asset FROM referrals_case c"
        " JOIN referrals_referralaccount a ON a.id = c.account_id ORDER BY c.asset"
    )
    assert cases == [(LATER, "perhaps_paid", "CNY"), (LATER, "perhaps_paid", "points")]


def _released(company: Company) -> None:
    who = ["--by", "admin", "--reason", "compared with the paying side", "--language", "en"]
    assert not company.do("close_cases")
    assert not company.do("release calls withdrawals balances")
    assert "events: " in company.hireops.manage("restored", "--release", "batches", "--number", "2", *who)
    said = company.hireops.manage("restored", "--release", "events", *who)
    assert said.splitlines() == ["Released: Events and orders", "Nothing is held back."]
