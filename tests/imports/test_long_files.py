"""Checking a long file beside everything else that a worker does, by its real processes."""

import time
from io import BytesIO
from pathlib import Path

import pytest
import requests
from openpyxl import Workbook

from hireops.celery import WORKER_LOOKS_EVERY_S
from hireops.imports.checking import MOST_ROWS
from tests.deliveries import envelope, sealed
from tests.processes import Hireops, wait_until
from tests.selection import on_postgresql

pytestmark = [on_postgresql, pytest.mark.slow, pytest.mark.timeout(600)]

UPLOAD = """
from pathlib import Path
from django.contrib.auth.models import User
from bindings.customers.imports import KIND
from hireops.imports.services import upload
by, _is_new = User.objects.get_or_create(username="vera")
upload(KIND, Path({path!r}).open("rb"), "customers.xlsx", by=by)
"""
HANDLED_WITHIN_S = 5


def customers(number: int) -> bytes:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(["客户编码", "客户名称", "分级"])
    for each in range(number):
        sheet.append([f"KH-{each:06}", f"客户 {each}", "gold"])
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


def upload(hireops: Hireops, content: bytes) -> None:
    path = hireops.folder / "customers.xlsx"
    Path(path).write_bytes(content)
    hireops.manage("shell", "-c", UPLOAD.format(path=str(path)))


def state(hireops: Hireops) -> str:
    ((found,),) = hireops.database.rows("SELECT state FROM bindings_customerimport")
    return str(found)


def seconds_until_handled(hireops: Hireops, web: str) -> float:
    body, headers = sealed(envelope("test.nobody_knows_v1"))
    assert requests.post(f"{web}/webhook/event", data=body, headers=headers, timeout=20).status_code == 200
    began = time.monotonic()
    waiting = "SELECT 1 FROM inbox_event WHERE tries = 0"
    wait_until(lambda: not hireops.database.rows(waiting), seconds=60, what="the event is not handled")
    return time.monotonic() - began


def seconds_without_a_sign_of_life(hireops: Hireops) -> float:
    newest = "SELECT coalesce(extract(epoch FROM clock_timestamp() - max(at)), 0) FROM desk_heartbeat"
    ((seconds,),) = hireops.database.rows(newest)
    return float(seconds)


def test_events_and_heartbeats_go_on_while_a_long_file_is_checked(hireops: Hireops):
    web = hireops.web()
    upload(hireops, customers(MOST_ROWS))
    hireops.worker()
    waited, silent = [], []
    while state(hireops) == "checking":
        waited.append(seconds_until_handled(hireops, web))
        silent.append(seconds_without_a_sign_of_life(hireops))
        time.sleep(0.2)
    assert state(hireops) == "checked"
    assert len(waited) > 10
    assert max(waited) < HANDLED_WITHIN_S
    assert max(silent) < 2 * WORKER_LOOKS_EVERY_S


def test_a_file_with_one_row_too_many_is_refused_before_any_row_is_kept(hireops: Hireops):
    upload(hireops, customers(MOST_ROWS + 1))
    hireops.worker()
    wait_until(lambda: state(hireops) == "unreadable", seconds=60, what="it is not refused")
    assert hireops.database.rows("SELECT count(*) FROM bindings_customerimportrow") == [(0,)]
