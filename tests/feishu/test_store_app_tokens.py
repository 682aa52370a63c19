"""The tokens of a store app: one for the app, by its ticket, and one for each tenant."""

from datetime import UTC, datetime, timedelta

import pytest

from hireops.database import clock
from hireops.encryption import decrypt
from hireops.feishu import tokens
from hireops.feishu.errors import Advice, FeishuError
from hireops.feishu.models import AppTicket
from tests.feishu.servers import answer
from tests.feishu.token_calls import age, app_id, failure, in_threads, issue

pytestmark = pytest.mark.django_db(transaction=True)

STORE_APP = "/open-apis/auth/v3/app_access_token"
STORE_TENANT = "/open-apis/auth/v3/tenant_access_token"
RESEND = "/open-apis/auth/v3/app_ticket/resend"


@pytest.fixture
def store(server, settings):
    """A Feishu that hands out ``t-<tenant>`` for the app token ``a-1`` and a ticket that is at hand."""
    settings.FEISHU_APP_TYPE = "store"
    tokens.keep_app_ticket(app_id=app_id(), ticket="ticket-1", sent_at=clock.now())

    def behave(request):
        if request.target == STORE_APP:
            return answer({"code": 0, "app_access_token": "a-1", "expire": 7140})
        if request.target == STORE_TENANT:
            return issue(f"t-{request.json['tenant_key']}")
        return answer({"code": 0, "msg": "success"})

    server.otherwise = behave
    return server


def test_a_store_app_gets_its_tokens_by_the_ticket(store, settings):
    assert tokens.access_token("tenant-a") == "t-tenant-a"
    assert store.to(STORE_APP)[0].json == {
        "app_id": settings.FEISHU_APP_ID,
        "app_secret": settings.FEISHU_APP_SECRET,
        "app_ticket": "ticket-1",
    }
    assert store.to(STORE_TENANT)[0].json == {"app_access_token": "a-1", "tenant_key": "tenant-a"}


def test_two_tenants_are_never_mixed(store):
    given = in_threads(32, lambda i: tokens.access_token(f"tenant-{i % 2}"))
    assert given == [f"t-tenant-{i % 2}" for i in range(32)]
    assert len(store.to(STORE_APP)) == 1
    assert len(store.to(STORE_TENANT)) == 2


def test_two_apps_are_never_mixed(store, settings):
    tokens.access_token("tenant-a")
    settings.FEISHU_APP_ID = "cli_other"
    assert "app_ticket" in str(failure("tenant-a"))
    tokens.keep_app_ticket(app_id="cli_other", ticket="ticket-2", sent_at=clock.now())
    age(claimed_until=None)
    tokens.access_token("tenant-a")
    assert [request.json["app_ticket"] for request in store.to(STORE_APP)] == ["ticket-1", "ticket-2"]


def test_a_store_app_cannot_call_without_a_tenant(store):
    assert failure("").advice is Advice.ASK_PERSON
    assert store.requests == []


@pytest.mark.parametrize("code", [99991664, 99991663, 10013, 10003, 10005, 10014, 11210, 99991543, 424242])
@pytest.mark.parametrize("status", [200, 400])
def test_an_app_token_that_is_not_accepted_is_replaced_once_whatever_the_refusal_says(store, code, status):
    tokens.access_token("tenant-a")
    store.behaviours = [answer({"code": code, "msg": "no"}, status=status)]
    assert tokens.access_token("tenant-b") == "t-tenant-b"
    assert len(store.to(STORE_APP)) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        answer({"code": 99991400, "msg": "slow down"}, status=429),
        answer({"code": 2200, "msg": "internal error"}, status=200),
        answer({"code": 10013, "msg": "broken"}, status=500),
    ],
    ids=["rate limit", "internal", "HTTP 500"],
)
def test_what_is_no_refusal_costs_no_app_token(store, trouble):
    tokens.access_token("tenant-a")
    store.behaviours = [trouble]
    failure("tenant-b")
    assert len(store.to(STORE_APP)) == 1


def test_a_tenant_that_is_refused_with_a_fresh_app_token_too_is_told_so(store):
    tokens.access_token("tenant-a")
    refused = answer({"code": 10013, "msg": "no"}, status=400)
    fresh = answer({"code": 0, "app_access_token": "a-2", "expire": 7140})
    store.behaviours = [refused, fresh, refused]
    error = failure("tenant-b")
    assert (error.code, error.advice) == (10013, Advice.ASK_PERSON)
    assert len(store.requests) == 5
    assert tokens.access_token("tenant-a") == "t-tenant-a"


def test_an_app_token_that_is_never_accepted_is_for_a_person(store):
    tokens.access_token("tenant-a")
    refused = answer({"code": 99991664, "msg": "no"}, status=400)
    fresh = answer({"code": 0, "app_access_token": "a-2", "expire": 7140})
    store.behaviours = [refused, fresh, refused]
    assert failure("tenant-b").advice is Advice.ASK_PERSON


def test_without_a_ticket_one_is_asked_for_at_most_every_ten_minutes(store, settings):
    AppTicket.objects.all().delete()
    for _ in range(3):
        assert failure("tenant-a").advice is Advice.RETRY_LATER
        age(claimed_until=None)
    [request] = store.requests
    assert request.target == RESEND
    assert request.json == {"app_id": settings.FEISHU_APP_ID, "app_secret": settings.FEISHU_APP_SECRET}
    AppTicket.objects.update(asked_at=clock.now() - timedelta(minutes=11))
    failure("tenant-a")
    assert len(store.to(RESEND)) == 2


def test_a_ticket_that_feishu_does_not_accept_is_asked_for_again(store):
    store.behaviours = [answer({"code": 10012, "msg": "app_ticket invalid"}, status=400)]
    error = failure("tenant-a")
    assert (error.code, error.advice) == (10012, Advice.RETRY_LATER)
    assert len(store.to(RESEND)) == 1


def test_a_ticket_is_not_asked_for_with_a_secret_that_feishu_refuses(store):
    AppTicket.objects.all().delete()
    store.behaviours = [answer({"code": 10015, "msg": "wrong secret"}, status=400)]
    assert failure("tenant-a").code == 10015
    AppTicket.objects.update(asked_at=None)
    age(claimed_until=None)
    assert failure("tenant-a").code == 10015
    assert len(store.requests) == 1


def test_an_examination_asks_again_with_a_refused_secret_although_there_is_no_ticket(store):
    AppTicket.objects.all().delete()
    store.behaviours = [answer({"code": 10015, "msg": "wrong secret"}, status=400)]
    assert failure("tenant-a").code == 10015
    with pytest.raises(FeishuError, match="ticket"):
        tokens.prove_credentials()
    tokens.keep_app_ticket(app_id=app_id(), ticket="ticket-2", sent_at=clock.now())
    age(claimed_until=None)
    assert tokens.access_token("tenant-a") == "t-tenant-a"


def test_a_custom_app_that_is_set_up_as_a_store_app_is_told_so(store):
    AppTicket.objects.all().delete()
    store.behaviours = [answer({"code": 10016, "msg": "not a store app"}, status=400)]
    assert "FEISHU_APP_TYPE=custom" in failure("tenant-a").explanation


def test_the_newest_ticket_wins_in_whatever_order_they_come(settings):
    def minute(number: int) -> datetime:
        return datetime(2026, 1, 1, 0, number, tzinfo=UTC)

    def keep(number: int) -> None:
        tokens.keep_app_ticket(app_id="cli_a", ticket=f"ticket-{number}", sent_at=minute(number))

    for number in [2, 1, 3, 3, 0]:
        keep(number)
    in_threads(8, keep)
    row = AppTicket.objects.get()
    assert (decrypt(row.sealed), row.sent_at) == ("ticket-7", minute(7))
    assert "ticket" not in row.sealed
