"""What happens after Feishu has refused a call for its rate, through ``client.call``."""

from dataclasses import replace

import pytest
from django.db.models import F

from hireops.database import clock
from hireops.feishu import client, quotas
from hireops.feishu.endpoints import ENDPOINTS, Endpoint, Limit
from hireops.feishu.errors import FeishuError, Outcome
from hireops.feishu.models import Quota
from hireops.feishu.quotas import QuotaUsedUpError
from tests.feishu.servers import answer, ok, send_and_close
from tests.feishu.token_calls import in_threads

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("token"),
]

FIELDS = ENDPOINTS["eco_account_custom_field.create"]  # 50/s and 1000/min
OTHER = ENDPOINTS["eco_account_custom_field.batch_update"]


def limited(reset: str | None = "3", *, status: int = 429, ceiling: str = "50"):
    headers = {"x-ogw-ratelimit-limit": ceiling} | ({"x-ogw-ratelimit-reset": reset} if reset else {})
    return answer(
        {"code": 99991400, "msg": "request trigger frequency limit"}, status=status, headers=headers
    )


def call(endpoint: Endpoint = FIELDS) -> str:
    """``ok``, ``held back``, or how far the call came."""
    try:
        client.call(endpoint, tenant_key="", body={"scope": 1})
    except QuotaUsedUpError:
        return "held back"
    except FeishuError as error:
        return error.outcome.value
    return "ok"


def block_ends() -> None:
    Quota.objects.update(blocked_until=0)


def blocked_for_s() -> float:
    return Quota.objects.get().blocked_until - clock.now().timestamp()


@pytest.mark.parametrize("status", [429, 400])
def test_after_a_rate_limit_nobody_calls_that_interface_until_the_time_feishu_names(server, status):
    server.behaviours = [limited("3", status=status)]
    assert call() == "refused"
    with pytest.raises(QuotaUsedUpError) as failed:
        client.call(FIELDS, tenant_key="", body={})
    # Rounded, because SQLite's clock is a fraction with 15 digits.
    assert 2 < round(failed.value.retry_after_s or 0, 3) <= 3
    assert failed.value.outcome is Outcome.NOT_SENT
    assert in_threads(8, lambda _i: call()) == ["held back"] * 8
    assert len(server.requests) == 1
    assert call(OTHER) == "ok"


@pytest.mark.parametrize("reset", [None, "soon", "nan"])
def test_without_a_time_the_block_grows_from_1_to_60_seconds(server, reset):
    server.behaviours = [limited(reset) for _ in range(8)]
    lengths = []
    for _ in range(8):
        assert call() == "refused"
        lengths.append(round(blocked_for_s()))
        block_ends()
    assert lengths == [1, 2, 4, 8, 16, 32, 60, 60]


def test_calls_that_were_under_way_together_count_as_one_refusal(server):
    taken = [quotas.acquire(FIELDS, "") for _ in range(8)]
    error = FeishuError(Outcome.REFUSED, "limit", code=99991400, http_status=429)
    for slot in taken:
        quotas.learn(slot, error)
    assert Quota.objects.get().strikes == 1
    assert blocked_for_s() <= 1


def test_in_a_storm_one_call_tries_at_the_end_of_each_block(server):
    server.otherwise = lambda _request: limited("5")
    assert call() == "refused"
    for requests in (2, 3, 4):
        block_ends()
        assert sorted(in_threads(8, lambda _i: call())) == ["held back"] * 7 + ["refused"]
        assert len(server.requests) == requests


def test_the_first_success_ends_the_block_for_all(server):
    server.behaviours = [limited("5")]
    call()
    block_ends()
    assert call() == "ok"
    assert (Quota.objects.get().strikes, Quota.objects.get().probe_until) == (0, 0)
    assert in_threads(8, lambda _i: call()) == ["ok"] * 8


def test_a_refusal_for_another_reason_also_shows_that_the_limit_is_over(server):
    server.behaviours = [limited("5"), answer({"code": 1002002, "msg": "no"}, status=400)]
    call()
    block_ends()
    assert call() == "refused"
    assert call() == "ok"


def test_when_nobody_knows_how_the_trial_ended_the_next_call_tries(server):
    server.behaviours = [limited("5"), send_and_close(b""), ok()]
    call()
    block_ends()
    assert call() == "unknown"
    assert Quota.objects.get().strikes == 1
    assert [call(), call()] == ["ok", "ok"]


def test_a_trial_whose_process_died_holds_the_others_for_15_seconds(server):
    server.behaviours = [limited("5")]
    call()
    block_ends()
    assert quotas.acquire(FIELDS, "").probe
    with pytest.raises(QuotaUsedUpError) as held_back:
        quotas.acquire(FIELDS, "")
    assert held_back.value.retry_after_s == 1  # most trials end long before
    assert 13 < Quota.objects.get().probe_until - clock.now().timestamp() < 15.1
    Quota.objects.update(probe_until=F("probe_until") - 15)
    assert call() == "ok"


def test_who_was_waiting_for_a_turn_does_not_call_into_a_block(server):
    endpoint = replace(FIELDS, limits=(Limit(2, 1),))
    first = quotas.acquire(endpoint, "")
    quotas.acquire(endpoint, "")

    def wait_or_learn(i: int) -> str:
        if i:
            return call(endpoint)
        quotas.learn(first, FeishuError(Outcome.REFUSED, "limit", code=99991400, retry_after_s=5))
        return "learnt"

    assert in_threads(2, wait_or_learn) == ["learnt", "held back"]
    assert server.requests == []


def refused(ceiling: int, retry_after_s: float) -> FeishuError:
    return FeishuError(Outcome.REFUSED, "limit", code=99991400, retry_after_s=retry_after_s, ceiling=ceiling)


@pytest.mark.parametrize(
    ("ceiling", "learnt"), [("20", 20), ("50", None), ("", None), ("many", None), ("9" * 99, None)]
)
def test_the_ceiling_is_read_from_feishus_answer(server, ceiling, learnt):
    server.behaviours = [limited("1", ceiling=ceiling)]
    assert call() == "refused"
    assert Quota.objects.get().calls_per_second == learnt


@pytest.mark.parametrize(
    ("ceiling", "reset_s", "learnt"),
    [(20, 1, (20, None)), (600, 30, (None, 600)), (1000, 30, (None, None)), (0, 1, (None, None))],
)
def test_a_lower_ceiling_belongs_to_the_minute_when_the_wait_is_longer_than_a_second(
    ceiling, reset_s, learnt
):
    quotas.learn(quotas.acquire(FIELDS, ""), refused(ceiling, reset_s))
    assert Quota.objects.values_list("calls_per_second", "calls_per_minute").get() == learnt


def test_a_lower_ceiling_is_kept_for_an_hour():
    endpoint = ENDPOINTS["referral_account.create"]  # 100/min
    quotas.learn(quotas.acquire(endpoint, ""), refused(10, 30))
    Quota.objects.update(blocked_until=0, strikes=0)

    def granted(asked: int) -> int:
        return sum(not isinstance(slot, FeishuError) for slot in in_threads(asked, one))

    def one(_i: int) -> quotas.Slot:
        return quotas.acquire(endpoint, "")

    assert granted(12) == 9
    Quota.objects.update(learnt_at=F("learnt_at") - 3600)
    assert granted(12) == 12
