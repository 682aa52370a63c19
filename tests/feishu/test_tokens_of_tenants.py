"""Many tenants in many threads: each call carries its own tenant's token. The official SDK fails this."""

import importlib
import random
import threading
import warnings
from collections import Counter
from itertools import count
from typing import Any

import pytest

from hireops.database import clock
from hireops.feishu import client, protocol, tokens
from hireops.feishu.endpoints import ENDPOINTS
from tests.feishu.servers import Request, Server, answer, ok
from tests.feishu.token_calls import app_id, in_threads, issue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AUTH = "/open-apis/auth/v3"
FIELDS = ENDPOINTS["eco_account_custom_field.create"]
TENANTS = [f"tenant-{number:02}" for number in range(20)]
THREADS, ROUNDS = 8, 10


class Feishu:
    """Each token is new and good for 25 calls of its tenant; ``mixed`` are calls with another tenant's."""

    def __init__(self, server: Server) -> None:
        self.numbers = count()
        self.uses: Counter[str] = Counter()
        self.mixed: list[tuple[str, str]] = []
        server.otherwise = self.behave

    def behave(self, request: Request) -> Any:
        if request.target == f"{AUTH}/app_access_token":
            return answer({"code": 0, "app_access_token": "a-1", "expire": 7140})
        if request.target == f"{AUTH}/tenant_access_token":
            return issue(f"t-{request.json['tenant_key']}-{next(self.numbers)}")
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if not token.startswith(f"t-{request.json['tenant']}-"):
            self.mixed.append((request.json["tenant"], token))
        self.uses[token] += 1
        refused = answer({"code": 99991663, "msg": "invalid"}, status=400)
        return refused if self.uses[token] > 25 else ok({"tenant": request.json["tenant"]})


@pytest.fixture
def feishu(server, settings) -> Feishu:
    settings.FEISHU_APP_TYPE = "store"
    settings.FEISHU_READ_TIMEOUT = 10.0
    tokens.keep_app_ticket(app_id=app_id(), ticket="ticket-1", sent_at=clock.now())
    return Feishu(server)


def test_no_call_carries_another_tenants_token(feishu):
    def work(seed: int) -> list[tuple[str, object]]:
        order = random.Random(seed).sample(TENANTS * ROUNDS, len(TENANTS) * ROUNDS)
        return [
            (key, client.call(FIELDS, tenant_key=key, body={"tenant": key}).data["tenant"]) for key in order
        ]

    answered = [pair for pairs in in_threads(THREADS, work) for pair in pairs]
    assert len(answered) == THREADS * len(TENANTS) * ROUNDS
    assert [pair for pair in answered if pair[0] != pair[1]] == []
    assert feishu.mixed == []
    assert len(feishu.uses) > 3 * len(TENANTS)  # tokens were replaced again and again meanwhile


class Crossing:
    """Lets two token requests out only when both have been built, which is when the SDK mixes them up."""

    def __init__(self, send: Any) -> None:
        self.send = send
        self.both_built = threading.Barrier(2)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.both_built.wait(5)
        return self.send(*args, **kwargs)


def test_two_tenants_whose_token_requests_cross_get_their_own_tokens(feishu, monkeypatch):
    assert tokens.access_token("tenant-warm")  # so that the app's own token is there
    monkeypatch.setattr(tokens, "ask", Crossing(protocol.ask))
    given = in_threads(2, lambda i: tokens.access_token(TENANTS[i]))
    assert [token.rpartition("-")[0] for token in given] == ["t-tenant-00", "t-tenant-01"]


def test_the_official_sdk_gives_one_of_them_the_others_token(feishu, server, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own
        manager: Any = importlib.import_module("lark_oapi.core.token.manager")
        model: Any = importlib.import_module("lark_oapi.core.model")
    config = model.Config()
    config.app_id, config.app_secret, config.domain = app_id(), "secret", server.url

    def token_of(tenant_key: str) -> str:
        return str(manager.TokenManager.get_isv_tenant_token(config, tenant_key, "ticket-1"))

    assert token_of("tenant-warm").startswith("t-tenant-warm-")
    monkeypatch.setattr(manager.Transport, "execute", Crossing(manager.Transport.execute))
    given = in_threads(2, lambda i: token_of(TENANTS[i]))
    owners = {token.rpartition("-")[0] for token in given}
    assert len(owners) == 1  # contract 8.7: one tenant's token for both
