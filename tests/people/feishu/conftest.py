"""A Feishu whose employees sign in, and the pages of hireops that they see."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client

from tests.simulator_process import APP, Simulator, running_simulator

CALLBACK = "/account/feishu/callback/"
TENANT = "2ca1d211f64f6438"
ZHANG = {
    "employee_id": "ou_zhang",
    "name": "张三",
    "mobile_number": "13800138000",
    "email": "zhang@example.com",
}


@pytest.fixture(scope="session")
def _feishu() -> Iterator[Simulator]:
    with running_simulator(SIMULATOR_REDIRECT_URLS=f"http://testserver{CALLBACK}") as simulator:
        yield simulator


@pytest.fixture
def feishu(_feishu: Simulator, transactional_db: None, settings: Any) -> Simulator:
    """With one employee, 张三."""
    _feishu.reset()
    _feishu.add_employees(ZHANG)
    settings.FEISHU_BASE_URL = settings.FEISHU_ACCOUNTS_URL = _feishu.url
    settings.FEISHU_APP_ID = APP["FEISHU_APP_ID"]
    settings.FEISHU_APP_SECRET = APP["FEISHU_APP_SECRET"]
    settings.FEISHU_SIGN_IN = True
    settings.FEISHU_SIGN_IN_TENANT_KEY = TENANT
    return _feishu


class Visitor:
    """Somebody at a browser: one client for hireops, one for Feishu."""

    def __init__(self, feishu: Simulator) -> None:
        self.client = Client()
        self.client.cookies["django_language"] = "en"
        self.feishu = feishu

    def begin(self, **sent: str) -> str:
        """Presses the button of the login page; the address at Feishu that the next page leads to."""
        page = self.client.post("/account/feishu/login/", sent)
        assert page.status_code == 200, page.content.decode()
        found = re.search(r'id="to-feishu"[^>]* href="([^"]+)"', page.content.decode())
        assert found
        return unescape(found[1])

    def agree(self, address: str, employee: str = "ou_zhang", **chosen: str) -> str:
        """Agrees at Feishu; the address that Feishu sends the browser back to."""
        with requests.Session() as browser:
            token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get(address).text)
            assert token
            sent = chosen or {"employee": employee}
            answer = browser.post(
                address, data={"csrfmiddlewaretoken": token[1], **sent}, allow_redirects=False
            )
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def return_to(self, address: str) -> Any:
        """Whatever hireops shows in the end."""
        parts = urlsplit(address)
        return self.client.get(f"{parts.path}?{parts.query}", follow=True)

    def sign_in(self, employee: str = "ou_zhang", **sent: str) -> Any:
        return self.return_to(self.agree(self.begin(**sent), employee))

    @property
    def person(self) -> User | None:
        """Who is signed in."""
        user_id = self.client.session.get("_auth_user_id")
        return User.objects.get(pk=user_id) if user_id else None


@pytest.fixture
def visitor(feishu: Simulator) -> Visitor:
    return Visitor(feishu)


@pytest.fixture
def visit(feishu: Simulator) -> Callable[[], Visitor]:
    """Each call is another browser."""
    return lambda: Visitor(feishu)


def query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
