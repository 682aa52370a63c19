"""nginx with what is shipped for it, before two real web hosts and a worker."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.deliveries import ECO_ACCOUNT_CREATED, envelope, sealed
from tests.deploy.site import NGINX, Nginx
from tests.processes import Hireops, Process, free_port, wait_until
from tests.simulator_process import Simulator, running_simulator
from tests.started import APP as COMPANY

FEISHU_WAITS_S = 3
PASSWORD = "correct-horse-battery"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not NGINX, reason="nginx is not installed here, so its settings were not tried"),
]


@dataclass
class Company:
    """Two web hosts, each with a folder of its own, and what stands before and behind them."""

    hireops: Hireops
    nginx: Nginx
    simulator: Simulator
    hosts: list[Process]

    def deliver(
        self,
        event_id: str,
        event_type: str = "test.nobody_v1",
        body: object = None,
        within_s: float = FEISHU_WAITS_S,
    ) -> requests.Response:
        """Sends an event as Feishu does; it gives up after three seconds."""
        keys = self.simulator.environment
        of_the_app = {"app_id": keys["FEISHU_APP_ID"], "token": keys["FEISHU_VERIFICATION_TOKEN"]}
        content = envelope(event_type, body, event_id=event_id, **of_the_app)
        return self.post("/webhook/event", *sealed(content, keys["FEISHU_ENCRYPT_KEY"]), within_s=within_s)

    def post(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, within_s: float = FEISHU_WAITS_S
    ) -> requests.Response:
        sent = {"Content-Type": "application/json", **(headers or {})}
        return requests.post(
            self.nginx.url + path,
            body,
            headers=sent,
            verify=str(self.nginx.certificate),
            timeout=within_s,
            allow_redirects=False,
        )

    def get(self, path: str) -> requests.Response:
        certificate = str(self.nginx.certificate)
        return requests.get(self.nginx.url + path, verify=certificate, timeout=60, allow_redirects=False)

    def has(self, event_id: str) -> bool:
        return bool(self.hireops.database.rows(f"SELECT 1 FROM inbox_event WHERE event_id = '{event_id}'"))


@pytest.fixture
def company(hireops: Hireops, tmp_path: Path) -> Iterator[Company]:
    ports = free_port(), free_port()
    nginx = Nginx(NGINX, tmp_path / "nginx", *ports)
    with running_simulator() as simulator:
        hireops.environment |= {
            **COMPANY,
            **{name: value for name, value in simulator.environment.items() if name.startswith("FEISHU_")},
            "FEISHU_BASE_URL": simulator.url,
            "ALLOWED_HOSTS": "localhost",
            "CSRF_TRUSTED_ORIGINS": nginx.url,
            "PUBLIC_URL": nginx.url,
        }
        hosts = []
        for number, port in enumerate(ports):
            hireops.web(WEB_PORT=str(port), VAR_DIR=str(tmp_path / f"host-{number}"))
            hosts.append(hireops.running[-1])
        hireops.worker(VAR_DIR=str(tmp_path / "worker"))
        nginx.start()
        try:
            yield Company(hireops, nginx, simulator, hosts)
        finally:
            nginx.stop()


def test_what_feishu_sends_through_nginx_is_kept_and_handled_also_when_a_host_has_died(company: Company):
    account = {"scope": 1, "account_id": "7741674456860642151", "account_name": "甲", "usage_list": [1]}
    assert company.deliver("of-an-account", ECO_ACCOUNT_CREATED, account, within_s=60).status_code == 200
    bound = "SELECT 1 FROM bindings_ecoaccount WHERE account_id = '7741674456860642151'"
    wait_until(lambda: company.hireops.database.rows(bound), seconds=60, what="the event was not handled")

    company.hireops.kill(company.hosts[0])
    for number in range(4):  # whoever's turn it is, and nginx has noticed by then
        begun = time.monotonic()
        answer = company.deliver(f"after-the-host-died-{number}")
        assert answer.status_code == 200, answer.text
        assert time.monotonic() - begun < FEISHU_WAITS_S
        assert company.has(f"after-the-host-died-{number}")
    assert company.get("/admin/login/").status_code in {200, 302}


def test_the_webhook_takes_a_megabyte_from_nobody_slow_and_staff_may_send_more(company: Company):
    assert company.post("/webhook/event", b"x" * (1024 * 1024 + 1), within_s=60).status_code == 413
    assert company.post("/webhook/event", b"x" * 1024 * 1024, within_s=60).status_code in {400, 401, 403}
    refused_by_hireops = company.post("/admin/imports/", b"x" * (2 * 1024 * 1024), within_s=60)
    assert "<center>nginx</center>" not in refused_by_hireops.text  # which asks first who sends it

    with _half_a_body_sent(company.nginx) as slow:
        assert company.deliver("while-somebody-is-slow", within_s=30).status_code == 200
        begun = time.monotonic()
        slow.settimeout(60)
        answer = slow.recv(4096)
        assert time.monotonic() - begun < 30
        assert answer == b"" or b" 408 " in answer.split(b"\r\n")[0]


@contextmanager
def _half_a_body_sent(nginx: Nginx) -> Iterator[socket.socket]:
    with (
        socket.create_connection(("127.0.0.1", nginx.port), timeout=30) as plain,
        nginx.tls().wrap_socket(plain, server_hostname="localhost") as sent,
    ):
        sent.sendall(b"POST /webhook/event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        yield sent


def test_staff_sign_in_over_tls_from_their_own_address_and_a_flood_is_turned_away(company: Company):
    login = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    company.hireops.environment |= login
    company.hireops.manage(
        "createsuperuser", "--noinput", "--username", "wang", "--email", "wang@example.com"
    )
    with requests.Session() as browser:
        browser.trust_env, browser.verify = False, str(company.nginx.certificate)
        page = browser.get(f"{company.nginx.url}/admin/login/", timeout=60)
        form = {"login": "wang", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        answer = browser.post(
            page.url,
            form,
            headers={"Referer": page.url, "X-Forwarded-For": "203.0.113.9"},
            timeout=60,
            allow_redirects=False,
        )
        assert answer.status_code == 302, answer.text
        assert all(cookie.secure for cookie in browser.cookies)
        assert answer.headers["Strict-Transport-Security"]
    audited = json.dumps([str(row) for row in company.hireops.database.rows("SELECT * FROM desk_auditentry")])
    assert "203.0.113.9" not in audited  # what a caller claims of himself counts for nothing

    answers = [company.post("/account/login/", b"", within_s=60).status_code for _each in range(60)]
    assert 429 in answers
    assert company.deliver("in-the-flood", within_s=30).status_code == 200


def test_what_is_secret_in_an_address_stands_in_no_log(company: Company):
    for path in (
        "/reports/a-secret-token",
        "/account/password/1-secret-key/",
        "/admin/login/?next=secret-query",
    ):
        company.get(path)
    company.hireops.kill(company.hosts[0])
    company.hireops.kill(company.hosts[1])
    for path in ("/reports/a-secret-token", "/admin/login/?next=secret-query"):
        assert company.get(path).status_code in {502, 504}
    written = [path.read_text() for path in company.nginx.folder.glob("*.log")]
    assert any('"GET /admin/login/"' in text for text in written)
    assert not any("secret" in text for text in written)
