"""What the tests of tokens share."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from hireops.database import clock
from hireops.feishu import tokens
from hireops.feishu.errors import FeishuError, Outcome
from hireops.feishu.models import AccessToken
from tests.feishu.servers import answer


def failure(tenant_key: str = "") -> FeishuError:
    with pytest.raises(FeishuError) as failed:
        tokens.access_token(tenant_key)
    assert failed.value.outcome is Outcome.NOT_SENT
    return failed.value


def in_threads(count: int, work) -> list[Any]:
    """The results of ``work(i)``, started in all threads at one moment."""
    barrier, results = threading.Barrier(count), {}

    def run(i: int) -> None:
        try:
            barrier.wait()
            results[i] = work(i)
        except FeishuError as error:
            results[i] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[i]) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[i] for i in range(count)]


def issue(token: str, expire: object = 7200):
    return answer({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": expire})


def age(**changes: object) -> None:
    """Make the stored tokens older than they are."""
    AccessToken.objects.update(**changes)


def app_id() -> str:
    return settings.FEISHU_APP_ID


def in_a_minute() -> datetime:
    return clock.now() + timedelta(minutes=1)
