"""The demo never starts beside something real."""

import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.environment import pinned
from tests.processes import BIN, Hireops
from tests.started import APP, settings_of

OWN = {"DEMO": "", "DATABASE_URL": "", "SECRET_KEY": ""}
A_TENANT = "from hireops.feishu.models import Tenant; Tenant.objects.create(app_id='cli_of_a_company')"
FOREIGN = [
    {"DATABASE_URL": "postgres://hireops:a-password@db.example.com/hireops"},
    {"DATABASE_URL": "sqlite:////tmp/of-somebody-else.sqlite3"},
    {"CSRF_TRUSTED_ORIGINS": "https://hireops.example.com"},
    {"FEISHU_VERIFICATION_TOKEN": "a-token-of-the-console"},
    {"FEISHU_ENCRYPT_KEY": "a-key-of-the-console"},
    {"FEISHU_BASE_URL": "https://open.feishu.cn"},
]


def test_without_a_word_it_is_the_demo(tmp_path: Path):
    assert settings_of(tmp_path, **OWN)["DEMO"]


@pytest.mark.parametrize("variables", FOREIGN, ids=lambda each: next(iter(each)))
def test_beside_something_real_it_names_what_is_missing(tmp_path: Path, variables: dict[str, str]):
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_of(tmp_path, **OWN | variables)
    said = str(refused.value)
    assert next(iter(variables)) in said
    assert {"FEISHU_APP_ID", "FEISHU_APP_SECRET"} < set(said.replace(",", " ").replace(".", " ").split())
    assert "a-password" not in said


@pytest.mark.parametrize("variables", [FOREIGN[0], FOREIGN[2]], ids=lambda each: next(iter(each)))
def test_it_starts_there_when_somebody_says_that_it_is_meant(tmp_path: Path, variables: dict[str, str]):
    assert settings_of(tmp_path, **OWN | variables | {"DEMO": "true"})["DEMO"]


def test_with_an_app_it_is_no_demo_whatever_is_said(tmp_path: Path):
    assert not settings_of(tmp_path, **APP | {"DEMO": "true"})["DEMO"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        (str(BIN / "gunicorn"), "hireops.wsgi", "--bind", "127.0.0.1:0"),
        (str(BIN / "celery"), "-A", "hireops", "worker", "--pool", "threads", "--concurrency", "1"),
        *(
            (
                str(BIN / "celery"),
                "-A",
                application,
                "beat",
                "--schedule",
                "/tmp/beat-of-a-refused-demo",
                "--pidfile",
                "",
            )
            for application in ("hireops.beat", "hireops")
        ),
        (sys.executable, "manage.py", "listen"),
        (sys.executable, "manage.py", "migrate"),
        (sys.executable, "manage.py", "shell", "-c", "from hireops.outbox.tasks import drain; drain()"),
    ],
    ids=["web", "worker", "beat", "beat with a worker's application", "listen", "migrate", "shell"],
)
def test_no_process_of_the_demo_works_on_rows_of_an_app(hireops: Hireops, command: tuple[str, ...]):
    """Tried: without FEISHU_*, a worker sent what a company owed to the simulator."""
    hireops.manage("shell", "-c", A_TENANT)

    process = hireops.start(*command, DEMO="true", FEISHU_EVENTS="long_connection")

    assert process.wait(60) > 0
    said = hireops.output.read_text().splitlines()
    (line,) = [line for line in said if line.startswith("hireops: ")]
    assert "cli_of_a_company" in line
    assert "FEISHU_APP_ID, FEISHU_APP_SECRET" in line


def test_a_demo_on_a_database_of_its_own_is_pinned_for_tests(tmp_path: Path):
    assert pinned(tmp_path)["DEMO"] == "true"
