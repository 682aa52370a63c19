"""People's data and every secret through all of hireops at DEBUG, with crashes; then all is searched."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client, override_settings

from hireops.database import clock
from hireops.desk.roles import ROLES
from hireops.feishu import callbacks
from hireops.inbox.dispatch import BATCH_TIMEOUT
from hireops.inbox.models import Batch
from hireops.tracing import CALL_ID, EVENT_IDS, FEISHU_LOG_ID
from hireops.tracing.sdk import MAY_LEAVE
from tests.canaries.columns import COLUMNS, PERSONAL
from tests.databases import Database
from tests.processes import Hireops, wait_until
from tests.simulator_process import APP, Simulator, running_simulator
from tests.template import template
from tests.tracing.collector import Collector, collecting
from tests.upgrade.conftest import opened
from tests.upgrade.people import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

SECRETS = {
    "FEISHU_APP_SECRET": "canary-app-secret-0J8qLw",
    "FEISHU_ENCRYPT_KEY": "canary-encrypt-key-1K9rMx",
    "FEISHU_VERIFICATION_TOKEN": "canary-verification-token-2L0sNy",
    "METRICS_TOKEN": "canary-metrics-token-3M1tOz",
    "SECRET_KEY": "canary-secret-key-4N2uPa-long-enough-to-please-every-check-of-django",
}
PASSWORD = "canary-password-5O3vQb"
EXAM_LOGIN = "canary-exam-login-7Q5xSd"
PEOPLE = {
    "mobile": "13987650021",
    "email": "canary-6p4wrc@example.com",
    "name": "金丝雀七",
    "candidate": "金丝雀八",
    "id card": "11010519491231002X",
}
BALANCE = "hire.referral_account.assets_update_v1"
INCLUDED = "tests.worker_ready,tests.drills.handlers"


@dataclass
class Run:
    """What was left behind of it, and where it can be searched."""

    database: Database
    hireops: Hireops
    collector: Collector
    logged: str = ""
    pages: list[str] = field(default_factory=list)
    commands: str = ""
    rung: str = ""


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("canaries")
    database = template().copy(folder)
    hireops = Hireops(database, folder)
    try:
        with (
            running_simulator(**_feishus(SECRETS)) as simulator,
            collecting() as collector,
            django_db_blocker.unblock(),
            opened(database),
        ):
            _configure(hireops, simulator)
            hireops.environment |= collector.environment
            with _settings_of(simulator):
                yield _everything_happens(Run(database, hireops, collector), simulator)
    finally:
        hireops.kill_all()
        database.drop()


def _feishus(secrets: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in secrets.items() if name.startswith("FEISHU_")}


def _configure(hireops: Hireops, simulator: Simulator) -> None:
    hireops.environment |= _feishus(simulator.environment) | SECRETS
    hireops.environment |= {
        "FEISHU_BASE_URL": simulator.url,
        "DJANGO_SETTINGS_MODULE": "tests.debug_settings",
        "HIREOPS_DRILL_FOLDER": str(hireops.folder),
    }
    simulator.switch(quota_enforced=False, delivery_paused=True)


def _settings_of(simulator: Simulator) -> Any:
    app_id = simulator.environment["FEISHU_APP_ID"]
    return override_settings(**SECRETS, FEISHU_APP_ID=app_id, FEISHU_BASE_URL=simulator.url)


# --- What happens ------------------------------------------------------------------------------------------


def _everything_happens(run: Run, simulator: Simulator) -> Run:
    hireops = run.hireops
    heard = _Heard()
    logging.getLogger().addHandler(heard)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        _staff_register_somebody(simulator)
        _execute("CREATE TABLE drill_effect (event_id varchar(255) NOT NULL)")
        site = hireops.web()
        hireops.beat()
        worker = hireops.worker("--include", INCLUDED)
        wait_until(lambda: _count("referrals_referralaccount"), seconds=60, what="nobody was registered")
        # A worker that is killed takes the traces along that it has not sent yet.
        wait_until(lambda: _all_tried() and _all_traced(run), seconds=60, what="calls are not traced")
        _feishu_sends(site, simulator)
        wait_until(lambda: worker.poll() is not None, seconds=60, what="the worker has not died")
        run.rung = _files(hireops)
        Batch.objects.update(started_at=clock.now() - BATCH_TIMEOUT * 2)
        hireops.worker("--include", INCLUDED)
        wait_until(_all_settled, seconds=60, what="events are left")
        _staff_serve_customers()
        wait_until(_all_tried, seconds=60, what="calls are left")
        run.commands = _command_lines()
        run.rung += _files(hireops)
        run.pages = _pages_that_fail(site)
    finally:
        logging.getLogger().removeHandler(heard)
        logging.getLogger().setLevel(logging.WARNING)
    run.logged = "\n".join([hireops.output.read_text(), *heard.lines])
    return run


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def _staff_register_somebody(simulator: Simulator) -> None:
    hira = User.objects.create_user("hira", password=PASSWORD, is_staff=True)
    hira.groups.add(Group.objects.get(name=ROLES["hr_officer"]))
    person = {"name": PEOPLE["name"], "mobile_number": PEOPLE["mobile"], "email": PEOPLE["email"]}
    simulator.add_employees(person)
    given = {"mobile": PEOPLE["mobile"], "email": "", "name": PEOPLE["name"]}
    Person("hira").submit("referrals/registration/add/", **given)
    Person("hira").submit(
        "referrals/registration/add/", mobile="", email=PEOPLE["email"], name=PEOPLE["name"]
    )


def _staff_serve_customers() -> None:
    """A customer with a contact, a stage and a result of a check, the login of an exam."""
    vera = User.objects.create_user("vera", password=PASSWORD, is_staff=True)
    vera.groups.add(Group.objects.get(name=ROLES["vendor_operator"]))
    contact = {"name": PEOPLE["name"], "title": "", "mobile": PEOPLE["mobile"], "email": PEOPLE["email"]}
    customer = {"code": "C1", "name": "Canaries", "tier": "", "notes": PEOPLE["candidate"]}
    contacts = {"contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": "0"}
    contacts |= {f"contacts-0-{name}": value for name, value in contact.items()}
    Person("vera").submit("bindings/customer/add/", **customer, **contacts)
    check = f"bindings/backgroundcheck/{_one('SELECT id FROM bindings_backgroundcheck')}"
    report = {"report_url": "https://e.com/report", "report_name": PEOPLE["candidate"]}
    Person("vera").submit(f"{check}/stage/", name="学历核实", result=PEOPLE["candidate"], **report)
    Person("vera").submit(f"{check}/result/", result=PEOPLE["id card"], confirmed="on")
    exam = f"bindings/exam/{_one('SELECT id FROM bindings_exam')}"
    login = {"username": EXAM_LOGIN, "password": EXAM_LOGIN, "exam_url": f"https://e.com/{EXAM_LOGIN}"}
    Person("vera").submit(f"{exam}/arrange/", message="", **login)


def _feishu_sends(site: str, simulator: Simulator) -> None:
    """Good and bad, known and unknown, forged; one kills its worker, others make their handler raise."""
    mobile = {"code": "86", "number": PEOPLE["mobile"]}
    candidate = {"name": PEOPLE["candidate"], "mobile": mobile, "email": PEOPLE["email"]}
    person = {"candidate_info": candidate, "email": PEOPLE["email"]}
    account_id = _one("SELECT account_id FROM referrals_referralaccount")
    bonus = {"confirmed_bonus": {"point_bonus": 7, "cash_bonus": []}, "note": PEOPLE["name"]}
    _send(site, BALANCE, {"account_id": account_id, "assets": bonus, "modify_time": _now_ms()})
    _send(site, BALANCE, {"account_id": account_id, "assets": PEOPLE["name"], "modify_time": _now_ms()})
    ordered = {**person, "background_check_id": "4711", "account_id": account_id, "comment": PEOPLE["name"]}
    filled_in = {"custom_field_list": [{"key": "id_number", "value": PEOPLE["id card"]}]}
    _send(site, "hire.eco_background_check.created_v1", ordered | filled_in)
    arranged = {"exam_id": "4712", "account_id": account_id, "paper_id": "java", "candidate_info": candidate}
    _send(site, "hire.eco_exam.created_v1", arranged)
    _send(site, "test.nobody_v1", person, event_id=7)
    _send(site, "drill.raising_v1", {"how": "nested", **person})
    _send(site, "drill.raising_v1", {"how": "recursion", **person})
    _send(site, "drill.mortal_v1", {"deaths": 1, **person})
    forged = _post(
        site, json.dumps({"encrypt": PEOPLE["name"], "token": SECRETS["FEISHU_VERIFICATION_TOKEN"]})
    )
    assert forged == 401


def _send(site: str, event_type: str, body: Any, **header: Any) -> None:
    """As Feishu does, with the token inside."""
    number = time.monotonic_ns()
    head = {"event_id": f"event-{number}", "event_type": event_type, "create_time": _now_ms()}
    owner = {
        "app_id": APP["FEISHU_APP_ID"],
        "tenant_key": "2ca1d211f64f6438",
    }
    token = {"token": SECRETS["FEISHU_VERIFICATION_TOKEN"]}
    whole = {"schema": "2.0", "header": {**head, **owner, **token, **header}, "event": body}
    key = SECRETS["FEISHU_ENCRYPT_KEY"]
    sealed = callbacks.encrypt(json.dumps(whole, ensure_ascii=False).encode(), key)
    text = json.dumps({"encrypt": sealed})
    signature = callbacks.sign("1700000000", "nonce", key, text.encode())
    assert _post(site, text, {"X-Lark-Signature": signature}) == 200


def _post(site: str, text: str, signed: dict[str, str] | None = None) -> int:
    headers = {"X-Lark-Request-Timestamp": "1700000000", "X-Lark-Request-Nonce": "nonce", **(signed or {})}
    return requests.post(f"{site}/webhook/event", text.encode(), headers=headers, timeout=20).status_code


def _now_ms() -> str:
    return str(int(time.time() * 1000))


def _pages_that_fail(site: str) -> list[str]:
    """A sign-in that is refused, and a page of staff that meets an error inside hireops."""
    browser = Client(raise_request_exception=False)
    browser.force_login(User.objects.get(username="hira"))
    _execute("ALTER TABLE referrals_registration RENAME TO elsewhere")
    try:
        failed = browser.post(
            "/admin/referrals/registration/add/",
            {"mobile": PEOPLE["mobile"], "email": PEOPLE["email"], "name": PEOPLE["name"]},
        )
    finally:
        _execute("ALTER TABLE elsewhere RENAME TO referrals_registration")
    assert failed.status_code >= 500
    refused = Client().post("/admin/login/", {"login": "hira", "password": f"{PASSWORD}-wrong"}, follow=True)
    named = {"q": PEOPLE["name"], "next": PEOPLE["email"]}
    requests.get(f"{site}/admin/login/", params=named, headers={"User-Agent": PEOPLE["mobile"]}, timeout=20)
    requests.get(f"{site}/reports/{PEOPLE['candidate']}", timeout=20)
    away = requests.get(f"{site}/metrics", headers={"Authorization": "Bearer wrong"}, timeout=20)
    return [failed.text, refused.text, away.text]


# --- Where it is searched ----------------------------------------------------------------------------------


def _count(table: str) -> int:
    return int(_one(f"SELECT count(*) FROM {table}"))


def _all_settled() -> bool:
    pending = "SELECT count(*) FROM inbox_event WHERE not_before IS NOT NULL AND tries = 0"
    return int(_one(pending)) == 0


def _all_tried() -> bool:
    return int(_one("SELECT count(*) FROM outbox_call WHERE state = 'pending' AND tries = 0")) == 0


def _all_traced(run: Run) -> bool:
    tried = run.database.rows("SELECT DISTINCT call_id FROM outbox_attempt")
    return {str(call) for (call,) in tried} == run.collector.values_of(CALL_ID)


def _one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _files(hireops: Hireops) -> str:
    """All that lies in VAR_DIR but the database: messages to workers, beat's schedule, what supervises."""
    doorbell = Path(urlsplit(hireops.environment["CELERY_BROKER_URL"]).path)
    paths = [path for folder in (hireops.folder, doorbell) for path in folder.rglob("*") if path.is_file()]
    others = [path for path in paths if "sqlite3" not in path.name]
    return "\n".join(f"{path}\n{_text_of(path)}" for path in others)


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except FileNotFoundError:  # a message that a worker has taken meanwhile
        return ""


def _command_lines() -> str:
    """What everybody on this machine sees of our processes."""
    return "\n".join(_text_of(path) for path in Path("/proc").glob("[0-9]*/cmdline"))


def _found(canaries: dict[str, str], text: str) -> list[str]:
    escaped = {name: json.dumps(value).strip('"') for name, value in canaries.items()}
    return [name for name, value in canaries.items() if value in text or escaped[name] in text]


EVERYTHING = {**SECRETS, **PEOPLE, "password": PASSWORD, "exam login": EXAM_LOGIN}


def test_the_run_went_through_everything(run: Run):
    states = dict(Database.rows(run.database, "SELECT event_type, state FROM inbox_event"))
    assert states["hire.eco_background_check.created_v1"] == "handled"
    assert states["hire.eco_exam.created_v1"] == "handled"
    assert _count("bindings_checkupdate") == 2
    assert _count("bindings_examupdate") == 1
    assert states["drill.mortal_v1"] == "handled"
    assert states["drill.raising_v1"] == "failed"
    assert _count("outbox_attempt") >= 2
    assert "DEBUG" in run.logged
    assert run.pages


def test_no_log_tells_anything(run: Run):
    assert _found(EVERYTHING, run.logged) == []


def test_no_trace_tells_anything(run: Run):
    assert _found(EVERYTHING, run.collector.text) == []
    told = {each.key for _, span in run.collector.spans() for each in span.attributes}
    assert told <= MAY_LEAVE
    assert not any(span.status.message for _, span in run.collector.spans())


def test_traces_find_events_and_calls_by_their_ids(run: Run):
    """Or the search would prove nothing."""
    sent = {str(event_id) for (event_id,) in run.database.rows("SELECT event_id FROM inbox_event")}
    answered = run.database.rows("SELECT log_id FROM outbox_attempt WHERE log_id <> ''")
    wait_until(lambda: _all_traced(run), what="calls are missing in the traces")
    assert run.collector.values_of(EVENT_IDS) >= {each for each in sent if each.startswith("event-")}
    assert run.collector.values_of(EVENT_IDS)
    assert run.collector.values_of(EVENT_IDS) <= sent
    assert run.collector.values_of(FEISHU_LOG_ID) & {str(log_id) for (log_id,) in answered}
    assert {service for service, _ in run.collector.spans()} == {"hireops-web", "hireops-worker"}
    assert any(span.name.startswith("GET ") for _, span in run.collector.spans())


def test_no_error_page_tells_anything(run: Run):
    assert _found(EVERYTHING, "\n".join(run.pages)) == []


def test_neither_messages_nor_files_nor_command_lines_tell_anything(run: Run):
    assert _found(EVERYTHING, run.rung) == []
    assert _found(EVERYTHING, run.commands) == []


def test_the_database_tells_no_secret_and_of_people_only_where_it_may(run: Run):
    told = [
        f"{canary} in {model._meta.label}.{each.name}"
        for model in apps.get_models()
        if not model._meta.proxy
        for each in model._meta.concrete_fields
        for canary in _found(EVERYTHING, _whole_column(model._meta.db_table, str(each.column)))
        if canary not in PEOPLE or COLUMNS.get(model._meta.label, {}).get(each.name) is not PERSONAL
    ]
    assert told == []


def test_people_are_found_where_they_belong(run: Run):
    """Or the search would prove nothing."""
    assert _found(PEOPLE, _whole_column("inbox_eventcontent", "payload")) != []
    assert "mobile" in _found(PEOPLE, _whole_column("referrals_registration", "mobile"))
    assert "candidate" in _found(PEOPLE, _whole_column("bindings_backgroundcheck", "candidate_name"))
    assert "candidate" in _found(PEOPLE, _whole_column("bindings_checkupdate", "result"))


def _whole_column(table: str, column: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{table}"')
        return "\n".join(_as_text(value) for (value,) in cursor.fetchall())


def _as_text(value: Any) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
