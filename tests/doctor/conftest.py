"""An installation that stands as it should, beside a Feishu that knows its app."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command

from hireops.desk import heartbeats
from hireops.feishu.models import AccessToken
from tests.simulator_process import Simulator, running_simulator

Lines = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="session")
def _feishu() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def feishu(_feishu: Simulator, transactional_db: None, settings: Any, live_server: Any) -> Simulator:
    """A worker and beat have just been seen, and events are taken in at the public address."""
    settings.PUBLIC_URL = live_server.url
    _feishu.reset()
    settings.FEISHU_BASE_URL = _feishu.url
    settings.FEISHU_APP_ID = _feishu.environment["FEISHU_APP_ID"]
    settings.FEISHU_APP_SECRET = _feishu.environment["FEISHU_APP_SECRET"]
    AccessToken.objects.all().delete()
    heartbeats.worker_lives()
    heartbeats.beat(heartbeats.BEAT)
    return _feishu


@pytest.fixture
def examined() -> Callable[[], tuple[Lines, int]]:
    """What ``manage.py doctor --json`` says, by question, and its exit status."""

    def examined() -> tuple[Lines, int]:
        output = io.StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("doctor", "--json", "--language=en", stdout=output)
        lines: Lines = {}
        for finding in json.loads(output.getvalue())["findings"]:
            lines.setdefault(finding["id"], []).append(finding)
        return lines, int(str(ended.value.code))

    return examined
