"""The consent page, the token endpoint and user_info: what an employee who signs in to a partner meets."""

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.simulator.browser import Browser
from tests.simulator.receiver import Receiver
from tests.simulator_process import APP, Simulator, running_simulator

AUTHORIZE, TOKEN, USER_INFO = (
    "/open-apis/authen/v1/authorize",
    "/open-apis/authen/v2/oauth/token",
    "/open-apis/authen/v1/user_info",
)
HOME = "http://127.0.0.1:9/callback/"
VERIFIER = "a-verifier-that-is-long-enough-for-anybody-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CONTACTS = "contact:user.phone:readonly contact:user.email:readonly"
ASKED = {
    "client_id": APP["FEISHU_APP_ID"],
    "redirect_uri": HOME,
    "response_type": "code",
    "state": "a state",
    "scope": CONTACTS,
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
ZHANG = {
    "employee_id": "ou_zhang",
    "name": "张三",
    "mobile_number": "13800138000",
    "email": "zhang@example.com",
}


@pytest.fixture(scope="module")
def _partner(_receiver: Receiver) -> Iterator[Simulator]:
    with running_simulator(SIMULATOR_REDIRECT_URLS=HOME) as simulator:
        yield simulator


@pytest.fixture
def feishu(_partner: Simulator) -> Simulator:
    _partner.reset()
    _partner.add_employees(ZHANG)
    return _partner


@pytest.fixture
def visitor(feishu: Simulator) -> Iterator[Browser]:
    with Browser(feishu.url) as browser:
        browser.submit("/language", language="en", next="/")
        yield browser


def address(**other: str) -> str:
    return f"{AUTHORIZE}?{urlencode(ASKED | other)}"


def answer(visitor: Browser, asked: str, **chosen: str) -> requests.Response:
    """What the form of the page leads to, without following it."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', visitor.see(asked))
    assert token
    sent = {"csrfmiddlewaretoken": token[1], **chosen}
    return visitor.post(visitor.page + asked, data=sent, allow_redirects=False)


def code_for(visitor: Browser, **other: str) -> str:
    location = answer(visitor, address(**other), employee="ou_zhang").headers["Location"]
    return parse_qs(urlsplit(location).query)["code"][0]


def exchange(feishu: Simulator, code: str, /, **other: str) -> requests.Response:
    body = {
        "grant_type": "authorization_code",
        "client_id": APP["FEISHU_APP_ID"],
        "client_secret": APP["FEISHU_APP_SECRET"],
        "code": code,
        "redirect_uri": HOME,
        "code_verifier": VERIFIER,
    }
    return feishu.call("POST", TOKEN, body | other, token="")


def test_an_employee_agrees_and_the_partner_learns_who_it_is(feishu: Simulator, visitor: Browser) -> None:
    page = visitor.see(address())
    assert "张三" in page
    assert "your mobile number" in page
    agreed = answer(visitor, address(), employee="ou_zhang")
    assert agreed.status_code == 302
    came_back = urlsplit(agreed.headers["Location"])
    assert agreed.headers["Location"].startswith(HOME)
    assert parse_qs(came_back.query)["state"] == ["a state"]

    token = exchange(feishu, parse_qs(came_back.query)["code"][0]).json()
    assert (token["code"], token["token_type"], token["expires_in"]) == (0, "Bearer", 7200)
    who = feishu.call("GET", USER_INFO, token=token["access_token"]).json()
    assert who["code"] == 0
    assert who["data"]["open_id"] == "ou_zhang"
    assert who["data"]["union_id"].startswith("on_")
    assert (who["data"]["name"], who["data"]["tenant_key"]) == ("张三", "2ca1d211f64f6438")
    assert (who["data"]["mobile"], who["data"]["email"]) == ("+8613800138000", "zhang@example.com")


def test_contacts_are_told_only_to_who_asked_for_them(feishu: Simulator, visitor: Browser) -> None:
    assert "your mobile number" not in visitor.see(address(scope=""))
    token = exchange(feishu, code_for(visitor, scope="")).json()["access_token"]
    who = feishu.call("GET", USER_INFO, token=token).json()["data"]

    assert "mobile" not in who
    assert "email" not in who


def test_who_refuses_goes_back_without_a_code(visitor: Browser) -> None:
    location = answer(visitor, address(), act="refuse").headers["Location"]

    assert parse_qs(urlsplit(location).query) == {"error": ["access_denied"], "state": ["a state"]}


def test_somebody_new_is_added_on_the_page_itself(feishu: Simulator, visitor: Browser) -> None:
    new = {"name": "李四", "mobile_code": "86", "mobile_number": "13900139000", "email": ""}
    tenant = {"tenant_key": "2ca1d211f64f6438"}
    assert "Enter a mobile number" in answer(visitor, address(), act="add", name="李四", **tenant).text
    agreed = answer(visitor, address(), act="add", **new, **tenant)

    assert "code" in parse_qs(urlsplit(agreed.headers["Location"]).query)
    assert [each["name"] for each in feishu.state("employees")["employees"]] == ["张三", "李四"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "http://127.0.0.1:9/callback/more"},
        {"redirect_uri": "https://evil.example/callback/"},
        {"client_id": "cli_another"},
        {"response_type": "token"},
        {"code_challenge_method": "md5"},
    ],
)
def test_nobody_is_sent_where_the_app_did_not_say(visitor: Browser, wrong: dict[str, str]) -> None:
    shown = visitor.get(visitor.page + address(**wrong), allow_redirects=False)

    assert shown.status_code == 400
    assert "cannot show the sign-in page" in shown.text
    assert "<button" not in shown.text.partition("</header>")[2]


def test_the_form_may_lead_to_the_partner_and_nowhere_else(visitor: Browser) -> None:
    policy = visitor.get(visitor.page + address()).headers["Content-Security-Policy"]

    assert "form-action 'self' http://127.0.0.1:9;" in f"{policy};"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"client_secret": "another"}, 20002),
        ({"client_id": "cli_another"}, 20048),
        ({"code_verifier": "another-verifier"}, 20049),
        ({"redirect_uri": "http://127.0.0.1:9/elsewhere/"}, 20071),
        ({"code": "made-up-and-as-long-as-a-real-one"}, 20003),
        ({"grant_type": "password"}, 20063),
    ],
)
def test_a_code_is_worth_nothing_to_somebody_else(
    feishu: Simulator, visitor: Browser, wrong: dict[str, str], code: int
) -> None:
    refused = exchange(feishu, code_for(visitor), **wrong)

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert "access_token" not in refused.json()


def test_a_code_is_good_once_and_for_five_minutes(feishu: Simulator, visitor: Browser) -> None:
    used, late = code_for(visitor), code_for(visitor)
    assert exchange(feishu, used).json()["code"] == 0
    assert exchange(feishu, used).json()["code"] == 20003
    feishu.let_pass(301)

    assert exchange(feishu, late).json()["code"] == 20004


def test_a_wrong_verifier_uses_the_code_up(feishu: Simulator, visitor: Browser) -> None:
    code = code_for(visitor)
    exchange(feishu, code, code_verifier="a guess")

    assert exchange(feishu, code).json()["code"] == 20003


def test_user_info_wants_the_token_of_an_employee_and_other_calls_do_not(
    feishu: Simulator, visitor: Browser
) -> None:
    token = exchange(feishu, code_for(visitor)).json()["access_token"]

    assert feishu.call("GET", USER_INFO).json()["code"] == 99991668
    assert (
        feishu.call("POST", "/open-apis/hire/v1/referral_account", {}, token=token).json()["code"] == 99991663
    )


def test_faults_strike_sign_ins_as_they_strike_any_call(feishu: Simulator, visitor: Browser) -> None:
    feishu.add_fault("server_error", path=TOKEN)
    assert exchange(feishu, code_for(visitor)).status_code == 500
    feishu.add_fault("refused", path=USER_INFO, code=20005)
    token = exchange(feishu, code_for(visitor)).json()["access_token"]

    assert feishu.call("GET", USER_INFO, token=token).json()["code"] == 20005


def test_the_log_keeps_neither_codes_nor_tokens_nor_the_secret(feishu: Simulator, visitor: Browser) -> None:
    code = code_for(visitor)
    token = exchange(feishu, code).json()["access_token"]
    kept: Any = feishu.http.get(f"{feishu.url}/_control/state").text

    assert not [each for each in (code, token, VERIFIER, APP["FEISHU_APP_SECRET"]) if each in kept]


def test_a_tenant_that_has_stopped_the_app_signs_nobody_in() -> None:
    store = {"FEISHU_APP_TYPE": "store", "SIMULATOR_TENANT_KEYS": "t1,t2", "SIMULATOR_REDIRECT_URLS": HOME}
    with running_simulator(**store) as feishu, Browser(feishu.url) as visitor:
        feishu.add_employees({**ZHANG, "tenant_key": "t2"})
        feishu.change_tenant("t2", "stop")

        assert exchange(feishu, code_for(visitor)).json()["code"] == 20009
