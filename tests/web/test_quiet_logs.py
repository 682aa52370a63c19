"""Whoever reads a log of the web server can't open a report."""

import json
import logging
import os
import subprocess
import sys
from datetime import datetime, timedelta

from hireops.web.pools import PAGES, REPORTS, pool_of
from hireops.web.quiet_logs import WithoutLinks
from tests.environment import pinned

TOKEN = "ElUO7_fswyU6hCZX1BFiQmdqLC8-lSifz9kVcX_GAK0"


def test_the_address_of_a_report_stands_in_no_line(caplog):
    log = logging.getLogger("test of gunicorn")
    log.addFilter(WithoutLinks())
    log.error("Error handling request %s %s", "GET", f"/reports/{TOKEN}?x=1")
    log.error('%(h)s "%(r)s" %(s)s', {"h": "1.2.3.4", "r": f"GET /reports/{TOKEN} HTTP/1.1", "s": "200"})
    assert TOKEN not in caplog.text
    assert "GET /reports/…" in caplog.text
    assert '1.2.3.4 "GET /reports/… HTTP/1.1" 200' in caplog.text


def test_who_fetches_a_report_has_threads_of_their_own():
    assert pool_of(f"/reports/{TOKEN}") is REPORTS
    assert pool_of("/reports") is PAGES
    assert pool_of("/admin/reports/") is PAGES


def test_logs_for_machines_are_one_object_a_line_without_what_was_typed(tmp_path):
    """By a real process: what Django, gunicorn and our own code say comes out in the same way."""
    says = (
        "import hireops, logging; hireops.configure(); import django; django.setup()\n"
        "try: raise ValueError('13800138000')\n"
        "except ValueError: logging.getLogger('bindings').exception('not\\nread', extra={'request': '138'})\n"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "hireops.settings", "LOG_FORMAT": "json"}
    ran = subprocess.run(
        [sys.executable, "-c", says],
        env={**os.environ, **pinned(tmp_path), **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "138" not in ran.stderr
    (line,) = map(json.loads, ran.stderr.splitlines())
    assert line.keys() == {"time", "level", "logger", "message", "process", "error"}
    assert (line["level"], line["logger"], line["message"]) == ("ERROR", "bindings", "not read")
    assert line["error"].startswith("ValueError < <string>:2")
    assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)


def test_a_ring_of_beat_that_fails_is_one_short_line(tmp_path):
    """By Celery's own code, which writes the whole stack into its message."""
    says = (
        "from types import SimpleNamespace\n"
        "from celery.beat import Scheduler\n"
        "from hireops.beat import app\n"
        "beat = Scheduler(app, lazy=True)\n"
        "def apply_async(*_given, **_more): raise ConnectionError('refused')\n"
        "beat.apply_async = apply_async\n"
        "beat.apply_entry(SimpleNamespace(name='drain', task='drain'))\n"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "hireops.settings"}
    ran = subprocess.run(
        [sys.executable, "-c", says],
        env={**os.environ, **pinned(tmp_path), **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = ran.stderr.splitlines()
    assert "ERROR celery.beat: Message Error: refused" in line
    assert "File " not in line
