"""Raw events beside the database: kept by setting, sealed, and taken in again after a restore."""

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from hireops.desk import health
from hireops.desk.heartbeats import this_host
from hireops.doctor import findings
from hireops.inbox import intake, journal
from hireops.inbox.models import Event, JournalFailure
from tests.deliveries import deliver, envelope, post, sealed

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a process that has just started keeps them."""
    settings.EVENT_JOURNAL = str(tmp_path / "journal")
    start_anew(monkeypatch)
    return tmp_path / "journal"


def start_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_file", journal._File())
    monkeypatch.setattr(journal, "_noted_at", float("-inf"))


def replayed(*paths: Path) -> str:
    told = io.StringIO()
    call_command("replay_bodies", *map(str, paths), stdout=told)
    return told.getvalue().splitlines()[0]


@contextmanager
def after_the_backup() -> Iterator[None]:
    """What is stored in it is not there afterwards, as in a database that was restored."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_what_was_answered_200_comes_back_once_and_what_is_there_is_known(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(client, envelope(event_id="kept"))
    start_anew(monkeypatch)  # another process
    with after_the_backup():
        deliver(client, envelope(event_id="lost", body={"account_id": "7"}))
    assert replayed(folder) == "1 new, 1 known, 0 unreadable (2 files)"
    assert Event.objects.get(event_id="lost").body == {"account_id": "7"}
    assert replayed(*folder.iterdir()) == "0 new, 2 known, 0 unreadable (2 files)"


def test_events_come_back_in_the_order_in_which_they_came_whichever_process_took_them(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = [journal._File(), journal._File()]
    with after_the_backup():
        for number in range(6):
            monkeypatch.setattr(journal, "_file", processes[number % 2])
            deliver(client, envelope(event_id=f"event {number}"))
    replayed(folder)
    found = Event.objects.order_by("pk").values_list("event_id", flat=True)
    assert list(found) == [f"event {number}" for number in range(6)]


def test_what_the_long_connection_brought_comes_back_without_a_signature(
    folder: Path, settings: LazySettings
) -> None:
    text = '{"schema":"2.0","header":{"event_id":"e","event_type":"t","app_id":"%s"},"event":{}}'
    journal.keep((text % settings.FEISHU_APP_ID).encode(), None)
    assert replayed(folder) == "1 new, 0 known, 0 unreadable (1 files)"


def test_neither_token_nor_content_lies_in_the_file_which_is_nobody_elses(
    client: Client, folder: Path, settings: LazySettings
) -> None:
    settings.FEISHU_ENCRYPT_KEY = ""
    content = envelope(body={"name": "canary-of-a-person"})
    client.post("/webhook/event", content, content_type="application/json")
    (file,) = folder.iterdir()
    written = file.read_bytes()
    assert written
    assert b"canary" not in written
    assert settings.FEISHU_VERIFICATION_TOKEN.encode() not in written
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


def test_nothing_is_kept_of_what_is_refused_or_where_nobody_asked_for_it(
    client: Client, folder: Path, settings: LazySettings
) -> None:
    body, headers = sealed(envelope())
    assert post(client, (body + b" ", headers)).status_code == 401
    settings.EVENT_JOURNAL = ""
    assert deliver(client, envelope()).status_code == 200
    assert not folder.exists()


def test_a_line_that_was_cut_off_or_changed_spoils_no_other(client: Client, folder: Path) -> None:
    with after_the_backup():
        for number in range(3):
            deliver(client, envelope(event_id=f"event {number}"))
    (file,) = folder.iterdir()
    first, second, third = file.read_bytes().split()
    file.write_bytes(b"\n" + first[:-9] + b"\n" + second[:50] + b"A" + second[51:] + b"\n\n" + third)
    assert replayed(folder) == "1 new, 0 known, 2 unreadable (1 files)"
    assert Event.objects.get().event_id == "event 2"


def test_a_folder_that_cannot_be_written_loses_no_event_and_is_told(
    client: Client, folder: Path, settings: LazySettings
) -> None:
    folder.write_text("a file is in its place")
    assert deliver(client, envelope()).status_code == 200
    assert Event.objects.count() == 1
    assert JournalFailure.objects.get().host == this_host()
    figure = next(each for each in health.alarms() if each.metric.name == "event_journal_failed_seconds")
    assert figure.labels == {"host": this_host()}
    found = [each for each in findings.examine() if each["question"] == "events.journal"]
    assert {each["verdict"] for each in found} == {"failed", "not written"}


def test_files_go_after_their_days_and_only_they(
    client: Client, folder: Path, settings: LazySettings
) -> None:
    folder.mkdir()
    old, young, other = (folder / name for name in ("a.events", "b.events", "notes.txt"))
    for file, days in ((old, 31), (young, 29), (other, 400)):
        file.touch()
        os.utime(file, (time.time() - days * 86_400,) * 2)
    deliver(client, envelope())
    assert not old.exists()
    assert young.exists()
    assert other.exists()


def test_a_database_that_is_away_ends_a_replay_with_words(
    client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(client, envelope())

    def away(*_args: Any) -> bool:
        raise intake.NOT_STORED[0]("away")

    monkeypatch.setattr(intake, "store_delivery", away)
    with pytest.raises(CommandError, match="run it again"):
        replayed(folder)
    with pytest.raises(CommandError, match="not there"):
        replayed(folder / "nothing")
