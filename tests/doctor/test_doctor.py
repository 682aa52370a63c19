"""``manage.py doctor``: green where all is well, and each thing that it can find is caused here."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from typing import Any, NamedTuple

import psycopg
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from hireops import VERSION
from hireops.database import clock
from hireops.desk import health_sections, heartbeats
from hireops.desk.models import AuditEntry, Heartbeat
from hireops.doctor.models import Examination
from hireops.doctor.questions import database
from hireops.encryption import encrypt
from hireops.feishu.callbacks import decrypt
from hireops.feishu.models import AccessToken, Tenant
from hireops.guards.installed import triggers_of
from hireops.inbox.models import Event
from hireops.jobs import tasks
from referrals.models import ReferralAccount
from tests.deliveries import deliver, envelope
from tests.doctor.conftest import Lines
from tests.environment import ROOT, pinned
from tests.feishu.servers import Behaviour, Request, Server, answer, send_and_close
from tests.own_pgbouncer import PGBOUNCER, own_pgbouncer
from tests.own_postgresql import FORGETFUL, own_postgresql
from tests.postgresql import PostgreSQL
from tests.processes import wait_until
from tests.selection import also_on_sqlite, on_postgresql
from tests.simulator_process import Simulator

pytestmark = also_on_sqlite

Examined = Callable[[], tuple[Lines, int]]

TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"


def levels(lines: Lines, question: str) -> list[str]:
    return [line["level"] for line in lines[question]]


def test_where_all_is_well_nothing_is_left_to_do(feishu: Simulator, examined: Examined) -> None:
    lines, status = examined()

    lines.pop("database.version")  # the tests' own PostgreSQL forgets what it has promised, and is told so
    worst = {line["level"] for found in lines.values() for line in found}
    assert worst == {"ok", "notice"}
    assert status in {0, 2}
    for question in ("feishu.credentials", "feishu.permissions", "database.guards", "workers.alive"):
        assert set(levels(lines, question)) == {"ok"}
    assert levels(lines, "events.address") == ["ok"]


class Fault(NamedTuple):
    cause: Callable[[Simulator, Any], None]
    question: str
    level: str
    says: str


def _wrong_secret(feishu: Simulator, settings: Any) -> None:
    settings.FEISHU_APP_SECRET = "another-app-secret"


def _feishu_away(feishu: Simulator, settings: Any) -> None:
    settings.FEISHU_BASE_URL = "http://127.0.0.1:9"


def _feishu_is_disturbed(feishu: Simulator, settings: Any) -> None:
    feishu.add_fault("server_error", path=TOKEN_PATH)


def _a_proxy_answers(feishu: Simulator, settings: Any) -> None:
    feishu.add_fault("html", path=TOKEN_PATH)


def _scope_withheld(feishu: Simulator, settings: Any) -> None:
    feishu.control("switches", scopes_withheld=["hire:exam"])


def _used_scope_withheld(feishu: Simulator, settings: Any) -> None:
    feishu.control("switches", scopes_withheld=["hire:referral_account"])
    tenant = Tenant.objects.own()
    source = ReferralAccount.Source.REGISTERED
    ReferralAccount.objects.create(tenant=tenant, account_id="6942778198054125570", source=source)


def _version_waits(feishu: Simulator, settings: Any) -> None:
    feishu.control("switches", version_waits=True)


def _settings_closed(feishu: Simulator, settings: Any) -> None:
    feishu.control("switches", scopes_withheld=["application:application:self_manage"])


def _settings_not_told(feishu: Simulator, settings: Any) -> None:
    feishu.add_fault("html", path="/open-apis/application/v6/applications/:app_id")


def _clocks_differ(feishu: Simulator, settings: Any) -> None:
    feishu.let_pass(-300)


def _not_encrypted(feishu: Simulator, settings: Any) -> None:
    settings.FEISHU_ENCRYPT_KEY = ""


def _two_keys(feishu: Simulator, settings: Any) -> None:
    settings.FEISHU_ENCRYPT_KEY_PREVIOUS = "the-key-of-before"


def _no_worker(feishu: Simulator, settings: Any) -> None:
    Heartbeat.objects.filter(heartbeats.OF_WORKERS).update(at=clock.now() - 2 * heartbeats.STOPPED_AFTER)


def _another_version(feishu: Simulator, settings: Any) -> None:
    Heartbeat.objects.create(name="worker@host-b/17", host="host-b", version="0.0.9", at=clock.now())


def _worker_of_a_host_stopped(feishu: Simulator, settings: Any) -> None:
    stopped_at = clock.now() - 2 * heartbeats.STOPPED_AFTER
    Heartbeat.objects.create(name="worker@host-b/17", host="host-b", version="0.1.0", at=stopped_at)


def _nobody_takes_up_calls(feishu: Simulator, settings: Any) -> None:
    Heartbeat.objects.filter(heartbeats.OF_WORKERS).update(queues="celery,events,long_work")


def _one_of_two_beats_stopped(feishu: Simulator, settings: Any) -> None:
    heartbeats.beat_lives("host-b", VERSION)
    Heartbeat.objects.filter(host="host-b").update(at=clock.now() - 2 * heartbeats.STOPPED_AFTER)


def _a_beat_of_another_version(feishu: Simulator, settings: Any) -> None:
    heartbeats.beat_lives("host-b", "0.0.9")


def _no_beat(feishu: Simulator, settings: Any) -> None:
    Heartbeat.objects.filter(name=heartbeats.BEAT).delete()


def _beat_stopped(feishu: Simulator, settings: Any) -> None:
    Heartbeat.objects.filter(name=heartbeats.BEAT).update(at=clock.now() - 2 * heartbeats.STOPPED_AFTER)


def _two_hosts(feishu: Simulator, settings: Any) -> None:
    Heartbeat.objects.create(name="worker@host-b/17", host="host-b", version="0.1.0", at=clock.now())


def _events_of_before(feishu: Simulator, settings: Any) -> None:
    content = envelope("hire.eco_background_check.created_v1")
    deliver(Client(), content)
    mine = Event.objects.filter(event_id=content["header"]["event_id"])
    mine.update(state=Event.State.UNHANDLED, not_before=None, handled_at=None)


def _no_cache(feishu: Simulator, settings: Any) -> None:
    redis = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": redis, "LOCATION": "redis://127.0.0.1:9/1"}}


def _no_broker(feishu: Simulator, settings: Any) -> None:
    os.environ["CELERY_BROKER_URL"] = "redis://127.0.0.1:9/0"  # Celery asks it first


def _no_mail(feishu: Simulator, settings: Any) -> None:
    settings.MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9


def _no_https(feishu: Simulator, settings: Any) -> None:
    settings.DEMO = settings.HTTPS = False


def _no_public_url(feishu: Simulator, settings: Any) -> None:
    settings.PUBLIC_URL = ""


def _nobody_there(feishu: Simulator, settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9"


def _not_to_be_asked(feishu: Simulator, settings: Any) -> None:
    settings.PUBLIC_URL_CHECK = False


def _long_connection(feishu: Simulator, settings: Any) -> None:
    settings.FEISHU_EVENTS = "long_connection"


def _another_key(feishu: Simulator, settings: Any) -> None:
    kept = {"app_id": settings.FEISHU_APP_ID, "kind": AccessToken.Kind.TENANT}
    AccessToken.objects.create(**kept, sealed=encrypt("t-of-before"))
    settings.SECRET_KEY = "another key, with which nothing here was encrypted" * 2


def _an_older_key_too(feishu: Simulator, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = ["the key of before"]


def _a_migration_is_missing(feishu: Simulator, settings: Any) -> None:
    MigrationRecorder(connection).record_unapplied("doctor", "0002_roles")


def _a_newer_release_migrated(feishu: Simulator, settings: Any) -> None:
    MigrationRecorder(connection).record_applied("referrals", "9999_of_the_next_release")


def _a_guard_is_gone(feishu: Simulator, settings: Any) -> None:
    trigger = min(triggers_of(connection), key=lambda each: each.name)
    on = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {trigger.name}{on}")


FAULTS = {
    "App Secret is another": Fault(_wrong_secret, "feishu.credentials", "error", "refuses them"),
    "Feishu is away": Fault(_feishu_away, "feishu.credentials", "error", "could not be asked"),
    "Feishu is disturbed": Fault(_feishu_is_disturbed, "feishu.credentials", "error", "HTTP 500"),
    "a proxy answers in its place": Fault(
        _a_proxy_answers, "feishu.credentials", "error", "nothing that can be understood"
    ),
    "a permission is withheld that nobody uses": Fault(
        _scope_withheld, "feishu.permissions", "notice", "hire:exam"
    ),
    "a permission is withheld that is used": Fault(
        _used_scope_withheld, "feishu.permissions", "error", "hire:referral_account"
    ),
    "events that are used never came": Fault(
        _used_scope_withheld, "events.types", "warning", "Balance changed"
    ),
    "nothing ever came": Fault(_used_scope_withheld, "events.arriving", "warning", "None has ever come"),
    "a version waits": Fault(_version_waits, "feishu.version", "warning", "waits for its review"),
    "the app may not read itself": Fault(_settings_closed, "feishu.version", "notice", "may not read"),
    "Feishu does not tell the app's settings": Fault(
        _settings_not_told, "feishu.version", "notice", "did not tell"
    ),
    "clocks differ": Fault(_clocks_differ, "feishu.clock", "warning", "differ by"),
    "no encryption": Fault(_not_encrypted, "feishu.encryption", "warning", "neither signed nor encrypted"),
    "two keys": Fault(_two_keys, "feishu.encryption", "notice", "Keys of before"),
    "no worker": Fault(_no_worker, "workers.alive", "error", "None has been seen"),
    "a worker of another version": Fault(
        _another_version, "workers.alive", "warning", "host-b has version 0.0.9"
    ),
    "the worker of one host has stopped": Fault(
        _worker_of_a_host_stopped, "workers.alive", "warning", "host-b was last seen 3 min ago"
    ),
    "nobody takes up calls": Fault(_nobody_takes_up_calls, "workers.queues", "error", "takes up calls"),
    "one of two beats has stopped": Fault(
        _one_of_two_beats_stopped, "beat.alive", "warning", "host-b was last seen 3 min ago"
    ),
    "a beat of another version": Fault(
        _a_beat_of_another_version, "beat.alive", "warning", "host-b has version 0.0.9"
    ),
    "no beat": Fault(_no_beat, "beat.alive", "error", "never been seen"),
    "beat has stopped": Fault(_beat_stopped, "beat.alive", "error", "last seen 3 min ago"),
    "a cache for each host": Fault(_two_hosts, "cache.shared", "warning", "There are 2 hosts"),
    "no cache": Fault(_no_cache, "cache.shared", "error", "It does not answer (ConnectionError)"),
    "no broker": Fault(_no_broker, "broker.reached", "warning", "does not answer (redis"),
    "no mail server": Fault(_no_mail, "mail.reached", "warning", "does not answer"),
    "nobody is at the address for events": Fault(
        _nobody_there, "events.address", "error", "can't be reached from this host"
    ),
    "the address for events is not to be asked": Fault(
        _not_to_be_asked, "events.address", "notice", "It was not asked"
    ),
    "no address is needed": Fault(_long_connection, "events.address", "ok", "None is needed"),
    "an earlier release kept what this one could handle": Fault(
        _events_of_before, "events.unhandled", "warning", "1 came before hireops could handle them"
    ),
    "two hosts, and reports in a folder": Fault(
        _two_hosts, "reports.storage", "warning", "There are 2 hosts, and reports lie in a folder"
    ),
    "no https": Fault(_no_https, "address.public", "warning", "names no https address"),
    "no public address": Fault(_no_public_url, "address.public", "notice", "PUBLIC_URL is not set"),
    "another SECRET_KEY": Fault(_another_key, "database.secrets", "error", "feishu.AccessToken.sealed"),
    "an older SECRET_KEY": Fault(_an_older_key_too, "database.secrets", "notice", "keys of before"),
    "a migration is missing": Fault(
        _a_migration_is_missing, "database.migrations", "error", "doctor.0002_roles"
    ),
    "the database is newer": Fault(
        _a_newer_release_migrated, "database.migrations", "error", "referrals.9999_of_the_next_release"
    ),
    "a guard is gone": Fault(_a_guard_is_gone, "database.guards", "error", "missing"),
}


@pytest.fixture
def as_it_was(settings: Any) -> Iterator[None]:
    """What a fault has done to the schema's records is undone; guards are put back by the next migrate."""
    yield
    os.environ["CELERY_BROKER_URL"] = settings.CELERY_BROKER_URL  # Celery asks it first
    MigrationRecorder(connection).record_applied("doctor", "0002_roles")
    MigrationRecorder(connection).record_unapplied("referrals", "9999_of_the_next_release")
    call_command("migrate", verbosity=0)


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_found_with_what_to_do(
    name: str, feishu: Simulator, settings: Any, examined: Examined, as_it_was: None
) -> None:
    fault = FAULTS[name]
    fault.cause(feishu, settings)

    lines, status = examined()

    said = [line for line in lines[fault.question] if fault.says in line["answer"]]
    assert [line["level"] for line in said] == [fault.level]
    if fault.level in {"warning", "error"}:
        assert said[0]["todo"]
        assert status >= {"warning": 1, "error": 2}[fault.level]


def test_a_secret_that_feishu_refuses_is_asked_with_once(
    feishu: Simulator, settings: Any, examined: Examined
) -> None:
    _wrong_secret(feishu, settings)

    examined()

    assert [call["path"] for call in feishu.state("calls")["calls"]].count(TOKEN_PATH) == 1


@pytest.mark.usefixtures("feishu")
def test_a_worker_that_never_said_its_host_is_not_missed_after_an_update(examined: Examined) -> None:
    stopped_at = clock.now() - 2 * heartbeats.STOPPED_AFTER
    Heartbeat.objects.create(name="worker@", host="", version="", at=stopped_at)

    lines, _status = examined()

    assert levels(lines, "workers.alive") == ["ok"]


def _without_the_challenge(request: Request) -> Behaviour:
    return answer({"challenge": "another"})


def _redirected(request: Request) -> Behaviour:
    return answer({}, status=301, headers={"Location": "https://elsewhere.example.com/"})


def _other_keys(request: Request) -> Behaviour:
    return answer({"error": "no"}, status=401)


def _cut_off(request: Request) -> Behaviour:
    return send_and_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{")


def _right_but_late(request: Request) -> Behaviour:
    asked = json.loads(decrypt(request.json["encrypt"], django_settings.FEISHU_ENCRYPT_KEY))
    assert asked["token"] == django_settings.FEISHU_VERIFICATION_TOKEN
    rightly = answer({"challenge": asked["challenge"]})

    def behave(link: socket.socket) -> None:
        sleep(1.1)
        rightly(link)

    return behave


@pytest.mark.parametrize(
    ("behave", "level", "says"),
    [
        (_without_the_challenge, "error", "but with HTTP 200"),
        (_redirected, "error", "but with HTTP 301"),
        (_other_keys, "error", "but with HTTP 401"),
        (_cut_off, "error", "can't be reached from this host (ProtocolError)"),
        (_right_but_late, "warning", "waits for one second"),
    ],
)
@pytest.mark.usefixtures("feishu")
def test_an_address_for_events_that_would_not_pass_is_found(
    behave: Callable[[Request], Behaviour], level: str, says: str, settings: Any, examined: Examined
) -> None:
    proxy = Server(otherwise=behave)
    settings.PUBLIC_URL = proxy.url
    try:
        [line] = examined()[0]["events.address"]
    finally:
        proxy.close()
    assert line["level"] == level
    assert says in line["answer"]
    assert len(proxy.requests) == 1


@on_postgresql
@pytest.mark.skipif(not PGBOUNCER, reason="PgBouncer is not installed here, so none was looked for")
@pytest.mark.parametrize(
    ("is_there", "told", "level"),
    [
        (True, "transaction", "ok"),
        (True, "none", "error"),
        (False, "transaction", "notice"),
        (False, "none", "ok"),
    ],
)
@pytest.mark.usefixtures("feishu")
def test_a_pooler_is_seen_and_whether_hireops_knows_of_it(
    is_there: bool, told: str, level: str, settings: Any, examined: Examined
) -> None:
    settings.DATABASE_POOLER = told
    with (
        own_pgbouncer(PostgreSQL(os.environ["DATABASE_URL"])) as pooler,
        pytest.MonkeyPatch.context() as patch,
    ):
        if is_there:
            connection.close()
            patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
            patch.setitem(connection.settings_dict, "PORT", str(pooler.port))
        lines, _status = examined()
        connection.close()

    assert levels(lines, "database.pooler") == [level]


@pytest.fixture
def _a_table_is_gone(feishu: Simulator) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notices_message RENAME TO of_somebody")
        yield
        cursor.execute("ALTER TABLE of_somebody RENAME TO notices_message")


@pytest.mark.usefixtures("_a_table_is_gone")
def test_a_table_that_somebody_has_removed_is_named(examined: Examined) -> None:
    [line] = examined()[0]["database.migrations"]
    assert (line["level"], line["answer"].partition(": ")[2]) == ("error", "notices_message is gone")


@on_postgresql
@pytest.mark.usefixtures("feishu")
def test_a_role_without_rights_reads_what_it_lacks_and_how_it_is_given(examined: Examined) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE hireops_without_rights; SET ROLE hireops_without_rights")
        try:
            lines, status = examined()
        finally:
            cursor.execute("RESET ROLE; DROP ROLE hireops_without_rights")

    [line] = lines["events.arriving"]
    assert line["level"] == "error"
    assert "permission denied for table inbox_event" in line["answer"]
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES" in line["todo"]
    assert status == 2


@on_postgresql
@pytest.mark.slow
@pytest.mark.django_db
def test_a_standby_that_is_away_is_what_commits_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    [question] = [each for each in database.QUESTIONS if each.id == "database.standby"]
    with own_postgresql(**FORGETFUL, synchronous_standby_names="of_another_house") as own:
        theirs = connection.copy()
        theirs.settings_dict |= {"HOST": str(own.folder), "PORT": "", "USER": "postgres", "NAME": "postgres"}
        monkeypatch.setattr(database, "connection", theirs)
        monkeypatch.setattr(health_sections, "connection", theirs)
        assert [found.verdict for found in question.ask()] == ["ok"]
        with ThreadPoolExecutor() as aside:
            waits = aside.submit(own.server.execute, "CREATE TABLE anything ()")
            wait_until(lambda: health_sections.commits().figures[0].tone == "bad", what="nobody waits")
            [found] = question.ask()
            own.stop("immediate")  # while it runs, nothing ends the waiting but the standby
            assert isinstance(waits.exception(), psycopg.OperationalError)
        theirs.close()

    assert found.verdict == "away"
    assert (found.facts["count"], found.facts["standbys"]) == (1, "of_another_house")


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_database_that_is_away_is_what_does_not_work(tmp_path: Path) -> None:
    away = {"DATABASE_URL": "postgres://hireops:database-password@127.0.0.1:9/hireops"}
    command = [sys.executable, "manage.py", "doctor", "--json", "--language=en"]
    environment = os.environ | pinned(tmp_path) | away

    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 2, ended.stderr
    said = next(each for each in json.loads(ended.stdout)["findings"] if each["id"] == "database.version")
    assert (said["level"], said["todo"] != "") == ("error", True)
    assert "does not answer" in said["answer"]
    assert "database-password" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(("free", "level"), [(5_000, "ok"), (1_000, "warning"), (100, "error")])
def test_a_disk_that_gets_full_is_said_in_time(
    free: int, level: str, feishu: Simulator, examined: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=free * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)

    lines, _status = examined()

    assert set(levels(lines, "machine.disk")) == {level}


def test_no_line_holds_a_secret(
    feishu: Simulator, settings: Any, examined: Examined, as_it_was: None
) -> None:
    os.environ["CELERY_BROKER_URL"] = "redis://:broker-password@127.0.0.1:9/0"  # Celery asks it first
    secret = settings.FEISHU_APP_SECRET = "a-wrong-app-secret"

    lines, _status = examined()

    assert secret not in str(lines)
    assert "broker-password" not in str(lines)


def test_the_lines_are_in_the_language_asked_for(feishu: Simulator) -> None:
    output = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", "--language=zh-hans", stdout=output)

    assert "飞书接受了" in output.getvalue()


# --- The page ---------------------------------------------------------------------------------------------


def test_an_administrator_has_it_examined_and_reads_what_was_found(
    feishu: Simulator, otto: User, client_of: Callable[[User], Client]
) -> None:
    feishu.control("switches", version_waits=True)
    browser = client_of(otto)
    browser.cookies["django_language"] = "en"

    asked = browser.post("/admin/doctor/examination/ask/")
    again = browser.post("/admin/doctor/examination/ask/", follow=True)
    tasks.work()
    page = browser.get(asked["Location"]).content.decode()

    assert "An examination is under way already." in again.content.decode()
    assert "A version waits for its review" in page
    assert "Have an administrator of the company approve it" in page
    assert Examination.objects.get().finished_at
    assert AuditEntry.objects.filter(action="examination asked for", actor=otto).count() == 1


def test_who_only_reads_may_not_ask_and_others_see_nothing(
    audrey: User, vera: User, client_of: Callable[[User], Client]
) -> None:
    assert client_of(audrey).get("/admin/doctor/examination/").status_code == 200
    assert client_of(audrey).post("/admin/doctor/examination/ask/").status_code == 403
    assert client_of(vera).get("/admin/doctor/examination/").status_code == 403
    assert not Event.objects.exists()
