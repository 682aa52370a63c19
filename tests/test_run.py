"""``make run`` as a newcomer meets it: one command, then everything works together over HTTP."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.environment import ROOT, pinned
from tests.pages import Browser
from tests.processes import free_port, wait_until

pytestmark = pytest.mark.slow

NEWCOMER_WAITS_S = 60
STRONG = "for-tests-only-and-long-enough-to-please-every-check-of-django"


class Demo:
    """``manage.py run`` in a folder of its own, with what it printed."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.output = folder / "output.txt"
        self.web_port, self.simulator_port = free_port(), free_port()
        self.environment = {
            **os.environ,
            **pinned(folder),
            "DJANGO_SETTINGS_MODULE": "hireops.settings",
            "CELERY_BROKER_URL": "",
            "DATABASE_URL": "",
            "DEMO": "",
            "SECRET_KEY": "",
            "WEB_PORT": str(self.web_port),
            "SIMULATOR_PORT": str(self.simulator_port),
            **variables,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def start_and_wait(self) -> None:
        self.start()
        wait_until(self.answers, seconds=NEWCOMER_WAITS_S, what=f"the demo does not answer: {self.printed}")

    def press_ctrl_c(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def end(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        try:
            self.press_ctrl_c()
        finally:
            self.process.kill()
            self.process.wait()

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def find(self, pattern: str) -> re.Match[str]:
        found = re.search(pattern, self.printed)
        assert found, self.printed
        return found

    def answers(self) -> bool:
        for port in (self.web_port, self.simulator_port):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True

    def log_in(self) -> Browser:
        username, password = self.find(r"login +(\S+) / (\S+)").groups()
        browser = Browser(f"http://127.0.0.1:{self.web_port}")
        browser.submit("/admin/login/?next=/admin/", having="password", login=username, password=password)
        return browser


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path)
    yield demo
    demo.end()


def _define_field(staff: Browser, key: str, name: str) -> None:
    page = staff.submit(
        "/admin/bindings/customfield/add/",
        having="key",
        scope="1",
        key=key,
        name_zh=name,
        name_en=f"English {key}",
        is_required="on",
    )
    assert name in page.text


def test_ctrl_c_while_the_database_is_prepared_ends_in_a_sentence(demo):
    demo.start()
    wait_until(
        lambda: "Preparing the database" in demo.printed, seconds=NEWCOMER_WAITS_S, what="it says nothing"
    )
    assert demo.press_ctrl_c() == 1
    assert demo.printed.splitlines()[-1].endswith("The next start goes on.")
    assert "Traceback" not in demo.printed


def test_from_nothing_to_a_bound_account_and_on_after_ctrl_c_over_the_long_connection(demo):
    demo.start_and_wait()
    assert "Preparing the database" in demo.printed
    first_login = demo.find(r"login.*").group()
    staff = demo.log_in()
    _push_a_form(staff)
    _fill_it_in(demo)
    _find_what_was_filled_in(staff)
    assert demo.press_ctrl_c() == 0
    assert not demo.answers()

    demo.environment["FEISHU_EVENTS"] = "long_connection"
    demo.start_and_wait()
    assert "Preparing the database" not in demo.printed
    assert first_login in demo.printed
    staff = demo.log_in()
    assert "company_code" in staff.get("/admin/bindings/customfield/")
    _bind_over_the_long_connection(demo)
    wait_until(
        lambda: "背调账号 002" in staff.get("/admin/bindings/ecoaccount/"),
        seconds=NEWCOMER_WAITS_S,
        what="the account is not in the admin",
    )
    assert demo.press_ctrl_c() == 0


def _push_a_form(staff: Browser) -> None:
    _define_field(staff, "company_code", "企业编号")
    _define_field(staff, "account_token", "账号令牌")
    push = staff.submit("/admin/bindings/customfield/push/1/", having="fingerprint")
    assert "/admin/bindings/customfieldpush/" in push.url


def _fill_it_in(demo: Demo) -> None:
    customer = Browser(f"http://127.0.0.1:{demo.simulator_port}")
    wait_until(lambda: "企业编号" in customer.get("/?scope=1"), what="the pushed fields are not on the form")
    customer.submit(
        "/?scope=1",
        having="field:company_code",
        name="背调账号 001",
        usages="1",
        **{"field:company_code": "ACME-42", "field:account_token": "7233333"},
    )


def _find_what_was_filled_in(staff: Browser) -> None:
    wait_until(
        lambda: "背调账号 001" in staff.get("/admin/bindings/ecoaccount/"),
        seconds=2,
        what="the account is not in the admin",
    )
    accounts = staff.get("/admin/bindings/ecoaccount/")
    link = re.search(r'"(/admin/bindings/ecoaccount/\d+/change/)', accounts)
    assert link
    page = staff.get(link.group(1))
    assert "企业编号" in page
    assert "/admin/inbox/event/" in page
    assert "ACME-42" not in page
    assert "ACME-42" in staff.press(link.group(1), "/reveal/").text


def _bind_over_the_long_connection(demo: Demo) -> None:
    feishu = f"http://127.0.0.1:{demo.simulator_port}/_control"

    def connections() -> list[object]:
        return list(requests.get(f"{feishu}/state?parts=connections", timeout=10).json()["connections"])

    wait_until(lambda: len(connections()) == 1, seconds=NEWCOMER_WAITS_S, what="the listener did not connect")
    account = {"scope": 1, "name": "背调账号 002", "usages": [1], "values": []}
    assert requests.post(f"{feishu}/accounts", json=account, timeout=10).status_code == 200


def _refusal(folder: Path, **variables: str) -> str:
    demo = Demo(folder, **variables)
    demo.start()
    assert demo.process
    assert demo.process.wait(30) != 0
    return demo.printed


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"WEB_PORT": "eighty"}, "WEB_PORT"),
        ({"DEBUG": "perhaps"}, "DEBUG"),
        ({"TIME_ZONE": "Mars/Olympus"}, "TIME_ZONE"),
        ({"LANGUAGE_CODE": "fr"}, "LANGUAGE_CODE"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, "FEISHU_APP_ID"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x", "DEMO": "true"}, "DATABASE_URL"),
        ({"CELERY_BROKER_URL": "carrier-pigeon://x"}, "CELERY_BROKER_URL"),
        ({"FEISHU_APP_ID": "cli_x"}, "FEISHU_APP_SECRET"),
        ({"FEISHU_APP_SECRET": "x"}, "FEISHU_APP_ID"),
        (
            {"FEISHU_APP_ID": "cli_x", "FEISHU_APP_SECRET": "x", "SECRET_KEY": STRONG},
            "FEISHU_VERIFICATION_TOKEN",
        ),
        (
            {
                "FEISHU_APP_ID": "cli_x",
                "FEISHU_APP_SECRET": "x",
                "FEISHU_VERIFICATION_TOKEN": "v",
                "SECRET_KEY": STRONG,
            },
            "FEISHU_ENCRYPT_KEY",
        ),
        ({"FEISHU_BASE_URL": "http://example.com"}, "FEISHU_BASE_URL"),
        ({"FEISHU_APP_TYPE": "shop"}, "FEISHU_APP_TYPE"),
        ({"FEISHU_EVENTS": "pigeon"}, "FEISHU_EVENTS"),
        ({"FEISHU_EVENTS": "long_connection", "FEISHU_APP_TYPE": "store"}, "FEISHU_EVENTS"),
        ({"LISTEN_SILENCE_SECONDS": "0"}, "LISTEN_SILENCE_SECONDS"),
        ({"CELERY_BROKER_URL": "redis://127.0.0.1:abc/1"}, "CELERY_BROKER_URL"),
        ({"VAR_DIR": "/proc/nope"}, "VAR_DIR"),
        ({"WEB_PORT": "28009", "SIMULATOR_PORT": "28009"}, "SIMULATOR_PORT"),
        ({"ALLOWED_HOSTS": "http://x"}, "ALLOWED_HOSTS"),
        ({"CSRF_TRUSTED_ORIGINS": "example.com"}, "CSRF_TRUSTED_ORIGINS"),
        ({"DATABASE_URL": "sqlite:////nonexistent/dir/x.sqlite3"}, "DATABASE_URL"),
        (
            {"FEISHU_APP_ID": "cli_x", "FEISHU_APP_SECRET": "x", "FEISHU_BASE_URL": "https://"},
            "FEISHU_BASE_URL",
        ),
    ],
)
def test_a_mistake_in_the_environment_is_one_line_that_names_it(tmp_path, variables, named):
    printed = _refusal(tmp_path, **variables)
    assert named in printed
    assert len(printed.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["WEB_PORT", "SIMULATOR_PORT"])
def test_a_port_in_use_is_one_line_that_names_it(tmp_path, name):
    with socket.create_server(("127.0.0.1", 0)) as somebody_else:
        port = str(somebody_else.getsockname()[1])
        printed = _refusal(tmp_path, **{name: port})
    assert name in printed
    assert port in printed
    assert len(printed.strip().splitlines()) == 1
