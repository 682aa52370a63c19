"""Traces cost nothing until they are wanted, and nothing when nobody takes them. What they tell: canaries."""

import subprocess
import sys
from importlib import util
from typing import Any

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured

from tests.deliveries import envelope, sealed
from tests.drills.sender import WEBHOOK
from tests.environment import ROOT
from tests.processes import Hireops, free_port, wait_until
from tests.started import settings_of

WITHOUT_IT = """
import sys
from hireops import celery, wsgi
celery.app.loader.import_default_modules()
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


@pytest.mark.slow
def test_where_traces_are_off_nothing_of_opentelemetry_is_imported(hireops: Hireops):
    command = [sys.executable, "-c", WITHOUT_IT]
    run = subprocess.run(
        command, cwd=ROOT, env=hireops.environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_whoever_wants_traces_without_what_sends_them_reads_what_to_install(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    found = util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name.startswith("opentelemetry") else found(name)
    )
    monkeypatch.setattr("hireops.environment.find_spec", util.find_spec)
    with pytest.raises(ImproperlyConfigured, match=r"^TRACES needs .* requirements-otel\.txt"):
        settings_of(tmp_path, TRACES="true")


@pytest.mark.slow
def test_a_collector_that_is_away_costs_no_event_and_no_process_its_end(hireops: Hireops):
    nobody = f"http://127.0.0.1:{free_port()}"
    hireops.environment |= {"TRACES": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": nobody}
    site = hireops.web()
    [web] = hireops.running
    worker = hireops.worker()
    body, headers = sealed(envelope())
    answer = requests.post(f"{site}{WEBHOOK}", data=body, headers=headers, timeout=20)
    assert answer.status_code == 200
    wait_until(
        lambda: hireops.database.rows("SELECT count(*) FROM inbox_event WHERE tries > 0") == [(1,)],
        seconds=30,
        what="the event was not handled",
    )
    for process in (web, worker):
        process.terminate()
        assert process.wait(30) == 0
