"""What the tests of tokens share."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings

from hireops.database import clock
from hireops.feishu import tokens
from hireops.feishu.errors import FeishuError, Outcome
from hireops.feishu.models import AccessToken
from tests.feishu.servers import answer
from tests.meanwhile import at_once


def failure(tenant_key: str = "") -> FeishuError:
    with pytest.raises(FeishuError) as failed:
        tokens.access_token(tenant_key)
    assert failed.value.outcome is Outcome.NOT_SENT
    return failed.value


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """The results of ``work(i)``, or its ``FeishuError``, started in all threads at one moment."""
    results = at_once(*(partial(work, i) for i in range(count)))
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, FeishuError):
            raise result
    return results


def issue(token: str, expire: object = 7200):
    return answer({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire})


def age(**changes: object) -> None:
    """Make the stored tokens older than they are."""
    AccessToken.objects.update(**changes)


def app_id() -> str:
    return settings.FEISHU_APP_ID


def in_a_minute() -> datetime:
    return clock.now() + timedelta(minutes=1)
