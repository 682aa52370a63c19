"""The simulator as a real process, for tests of every room.

with running_simulator(SIMULATOR_WEBHOOK_URL=url) as simulator:
    simulator.add_fault("cut", path=FIELDS, when="after")
    ...
    simulator.wait_for(lambda state: state["events"][0]["state"] == "delivered")
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.forked import Forked

AUTH = "/open-apis/auth/v3"
FIELDS = "/open-apis/hire/v1/eco_account_custom_fields"
TENANT_TOKEN = "/open-apis/auth/v3/tenant_access_token/internal"
APP = {
    "FEISHU_APP_ID": "cli_simulated000001",
    "FEISHU_APP_SECRET": "simulated-app-secret",
    "FEISHU_ENCRYPT_KEY": "simulated-encrypt-key",
    "FEISHU_VERIFICATION_TOKEN": "simulated-verification-token",
    "SIMULATOR_WEBHOOK_URL": "http://127.0.0.1:9/webhook/event",  # nobody listens there
}


class DidNotStart(Exception):  # noqa: N818 - reads as what it says
    """``output`` is what the process wrote, ``status`` its exit status."""

    def __init__(self, output: str, status: int | None) -> None:
        super().__init__(output)
        self.output = output
        self.status = status


@dataclass
class Simulator:
    """A running simulator: its address, its app, and its control API as methods."""

    url: str
    environment: dict[str, str]
    process: Forked
    log: Path
    http: requests.Session = field(default_factory=requests.Session)

    def control(self, name: str, /, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"{self.url}/_control/{name}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def state(self, *parts: str) -> dict[str, Any]:
        """Everything, or only these parts (``control/shown.py`` lists them): ask for few in large drills."""
        asked = {"parts": ",".join(parts)} if parts else {}
        answer = self.http.get(f"{self.url}/_control/state", params=asked, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def reset(self) -> None:
        self.control("reset")

    def add_fault(self, kind: str, **fault: Any) -> None:
        """``kind``: slow, rate_limited, server_error, cut, html, token_invalid, trickle (byte by byte),
        truncated, empty, redirect, huge, half_closed, refused.

        Also: ``path`` as in the endpoint table and ``tenant_key`` (every call), ``when`` (before), ``calls``
        (1) or ``lasts_s``, ``seconds``, ``reset_seconds``, ``reset_header`` (number, missing, garbage),
        ``megabytes``, ``code`` and ``http_status``.
        """
        self.control("faults", kind=kind, **fault)

    def clear_faults(self) -> None:
        self.control("faults/clear")

    def switch(self, **switches: Any) -> None:
        """quota_enforced, rate_limit_status (429, 400), delivery_paused, duplicate_every, shuffle_seconds,
        currency_as (iso, number, digits), approval_required, order_form_is_final, items_need_a_package,
        refused_creates_are_partial, deleted_ids_are_free, left_out_descriptions_stay, account_form_keeps,
        bot_off.
        """
        self.control("switches", **switches)

    def emit(self, event_type: str, event: dict[str, Any], **options: Any) -> str:
        """The event_id. Options: ``tenant_key``, ``event_id``, ``copies``, ``delay_s``."""
        return str(self.control("events", event_type=event_type, event=event, **options)["event_id"])

    def add_account(self, **account: Any) -> dict[str, Any]:
        """Plays the customer; ``{event_id, account_id}``.

        Takes scope, name, usages, values, tenant_key, account_id.
        """
        defaults = {"scope": 1, "name": "背调账号 001", "usages": [1], "values": []}
        return self.control("accounts", **{**defaults, **account})

    def add_employees(self, *employees: dict[str, str]) -> list[str]:
        """Their employee_ids. Each has a name, and mobile_code ("86"), mobile_number, email, tenant_key,
        employee_id; with an account_id the referral account is there already.
        """
        return list(self.control("employees", employees=list(employees))["employee_ids"])

    def set_range(self, employee: str, *, in_range: bool) -> None:
        """Whether the app's bot reaches the employee with this id."""
        self.control("employees/range", employee=employee, in_range=in_range)

    def reward(self, employee: str, *, points: int = 0, **cash: str) -> dict[str, Any]:
        """Confirms ``reward("hire@open.com", points=100, CNY="12.30")``; less than zero takes back.

        ``employee`` is an id, account_id, mobile, email or name. ``{points, cash_cents, modified_ms}`` after.
        """
        return self.control("rewards", employee=employee, points=points, cash=cash)

    def order_check(self, account_id: str, package_id: str = "pkg001", **content: Any) -> str:
        """The background_check_id; ``content`` is more of the event (contract 4.10), or ``tenant_key``."""
        asked = {"candidate_info": {"name": "王二"}, **content}
        answer = self.control("checks", account_id=account_id, package_id=package_id, **asked)
        return str(answer["background_check_id"])

    def cancel_check(self, background_check_id: str, termination_reason: str = "主动拒绝此次背调") -> None:
        self.control(
            "checks/cancel", background_check_id=background_check_id, termination_reason=termination_reason
        )

    def decide_check(self, background_check_id: str, *, approved: bool) -> None:
        self.control("checks/decide", background_check_id=background_check_id, approved=approved)

    def arrange_exam(self, account_id: str, paper_id: str = "paper001", **content: Any) -> str:
        """The exam_id; ``content`` is more of the event (contract 5.6), or ``tenant_key``."""
        asked = {"candidate_info": {"name": "王二"}, **content}
        answer = self.control("exams", account_id=account_id, paper_id=paper_id, **asked)
        return str(answer["exam_id"])

    def finish_marking(self, exam_id: str) -> None:
        self.control("exams/finish_marking", exam_id=exam_id)

    def change_tenant(self, tenant_key: str, change: str) -> None:
        """Store apps. ``change``: open, stop, stop_by_platform, start, uninstall."""
        self.control("tenants", tenant_key=tenant_key, change=change)

    def set_quota(self, path: str, **quota: int) -> None:
        """What the path allows from now on: per_second, per_minute; none puts back what is documented."""
        self.control("quotas", path=path, **quota)

    def cut_connections(self, *, orderly: bool = False) -> int:
        """All long connections; how many there were."""
        return int(self.control("connections/cut", orderly=orderly)["cut"])

    def silence_connections(self) -> int:
        """Those that stand now stay open, and nothing comes over them any more; how many there are."""
        return int(self.control("connections/silence")["silenced"])

    def refuse_connections(self, code: int = 1) -> None:
        """Whoever asks where to connect is told ``code`` (contract 7.2) until ``restore_connections``."""
        self.control("connections/refuse", code=code)

    def restore_connections(self) -> None:
        self.control("connections/restore")

    def connections(self) -> list[dict[str, Any]]:
        """The long connections that stand: device_id, opened_at, silent, pings, events, acks."""
        return list(self.state("connections")["connections"])

    def deliver_now(self, event_id: str) -> None:
        self.control("events/deliver_now", event_id=event_id)

    def let_pass(self, seconds: float) -> None:
        """Moves the simulator's clock: tokens expire, deliveries fall due. Less than nothing: back."""
        self.control("clock", seconds=seconds)

    def wait_for(self, true_of: Callable[[dict[str, Any]], Any], timeout_s: float = 10) -> dict[str, Any]:
        """The first state that fits; fails with the last one after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while not true_of(state := self.state()):
            assert time.monotonic() < deadline, state
            time.sleep(0.02)
        return state

    def kill(self) -> None:
        """As a power cut would end it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def token(self) -> str:
        """A tenant token, asked for with the right secret."""
        body = {
            "app_id": self.environment["FEISHU_APP_ID"],
            "app_secret": self.environment["FEISHU_APP_SECRET"],
        }
        return str(self.call("POST", TENANT_TOKEN, body, token="").json()["tenant_access_token"])

    def store_tokens(self, *tenant_keys: str) -> list[str]:
        """For a store app: one tenant token for each, by way of a ticket that is pushed and read here."""
        app = {
            "app_id": self.environment["FEISHU_APP_ID"],
            "app_secret": self.environment["FEISHU_APP_SECRET"],
        }
        self.control("events/app_ticket")
        tickets = [event for event in self.state("events")["events"] if event["event_type"] == "app_ticket"]
        ticket = json.loads(tickets[-1]["body"])["event"]["app_ticket"]
        answer = self.call("POST", f"{AUTH}/app_access_token", {**app, "app_ticket": ticket}, token="")
        asked = {"app_access_token": answer.json()["app_access_token"]}
        answers = [
            self.call("POST", f"{AUTH}/tenant_access_token", {**asked, "tenant_key": each}, token="").json()
            for each in tenant_keys
        ]
        assert all(answer["code"] == 0 for answer in answers), answers
        return [answer["tenant_access_token"] for answer in answers]

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> requests.Response:
        """One API call, with a fresh tenant token unless another, or none (""), is given."""
        token = self.token() if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=30)


@contextmanager
def running_simulator(**environment: str) -> Iterator[Simulator]:
    """A simulator of its own for the ``with`` block, on a free port; ``DidNotStart`` when it refuses."""
    variables = {name: value for name, value in {**APP, **environment}.items() if value}
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(256)
        log = Path(folder, "log")
        process = _start(listening, variables, log)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.close()  # from here only the process holds the port: when it ends, callers are refused
        try:
            _wait_until_it_answers(url, process, log)
            simulator = Simulator(url, variables, process, log)
            with simulator.http:
                yield simulator
        finally:
            _end(process)


def _start(listening: socket.socket, variables: dict[str, str], log: Path) -> Forked:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    options = [
        "--bind",
        "fd://{listening}",
        "--worker-class",
        "gthread",
        "--threads",
        "16",
        "--graceful-timeout",
        "1",
        "--no-control-socket",
    ]
    workers = ["--workers", variables.pop("WORKERS", "1")]
    return Forked(
        [sys.executable, "-m", "gunicorn", "hireops.simulator.wsgi", *options, *workers],
        environment={**inherited, **variables},
        output=log,
        listening=listening,
    )


def _wait_until_it_answers(url: str, process: Forked, log: Path) -> None:
    try:
        requests.get(f"{url}/versions", timeout=30)
    except requests.RequestException:
        status = process.wait(10)
        raise DidNotStart(log.read_text(), status) from None


def _end(process: Forked) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
