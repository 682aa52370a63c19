"""What an installation of a real app may not be started with, and what it writes is its own."""

import os
import stat
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.http import HttpRequest
from django.test import RequestFactory
from django.views.debug import technical_500_response

from tests.processes import Hireops, wait_until
from tests.started import APP, settings_of

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PASSWORD = "a-password-of-the-broker"


def test_check_deploy_has_nothing_to_say_about_what_the_readme_tells(hireops: Hireops):
    hireops.environment |= APP
    hireops.manage("check", "--deploy", "--fail-level", "WARNING")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": "y" * 60}, "SECRET_KEY can be guessed"),
        ({"SECRET_KEY": f"django-insecure-{APP['SECRET_KEY']}"}, "SECRET_KEY can be guessed"),
        ({"DEBUG": "true"}, "DEBUG must be false"),
        ({"FEISHU_BASE_URL": "http://feishu.example.com"}, "FEISHU_BASE_URL must begin with https://"),
        ({"FEISHU_BASE_URL": "http://127.0.0.1.example.com"}, "FEISHU_BASE_URL must begin with https://"),
    ],
)
def test_what_endangers_a_real_app_is_refused_by_name(tmp_path: Path, variables: dict[str, str], named: str):
    with pytest.raises(ImproperlyConfigured, match=named):
        settings_of(tmp_path, **APP | variables)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8100", "http://localhost:8100", "http://[::1]:8100"])
def test_a_feishu_on_this_machine_needs_no_tls(tmp_path: Path, url: str):
    assert settings_of(tmp_path, **APP | {"FEISHU_BASE_URL": url})["FEISHU_BASE_URL"] == url


def test_former_keys_come_from_the_environment(tmp_path: Path):
    settings = settings_of(tmp_path, **APP, SECRET_KEY_FALLBACKS="of-last-year, of-the-year-before")
    assert settings["SECRET_KEY_FALLBACKS"] == ["of-last-year", "of-the-year-before"]


def test_staff_are_led_to_https_and_machines_are_answered(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/admin/login/")["Location"] == "https://testserver/admin/login/"
    assert client.get("/healthz").status_code == 200


# --- Files -------------------------------------------------------------------------------------------------


def _open_to_others(folder: Path) -> list[str]:
    return [str(path) for path in [folder, *folder.rglob("*")] if path.lstat().st_mode & OTHERS]


def test_what_others_could_read_is_closed_at_the_start(tmp_path: Path):
    folder = tmp_path / "var"
    (folder / "doorbell").mkdir(parents=True)
    for path in (folder / "hireops.sqlite3", folder / "doorbell" / "x.message", folder / "run.sh"):
        path.touch()
        path.chmod(0o755)
    settings_of(folder)
    assert _open_to_others(folder) == []
    assert (folder / "run.sh").stat().st_mode & stat.S_IXUSR


def test_a_sqlite_file_that_lies_elsewhere_is_closed_too(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere.sqlite3"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    settings_of(tmp_path / "var", DATABASE_URL=f"sqlite:///{elsewhere}")
    assert not elsewhere.stat().st_mode & OTHERS


def test_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "var").mkdir()
    not_ours = tmp_path / "not-ours"
    not_ours.touch()
    not_ours.chmod(0o644)
    (tmp_path / "var" / "link").symlink_to(not_ours)
    settings_of(tmp_path / "var")
    assert not_ours.stat().st_mode & OTHERS


def test_a_folder_that_is_everybodys_is_refused_and_left_as_it_is(tmp_path: Path):
    tmp_path.chmod(0o1777)
    with pytest.raises(ImproperlyConfigured, match=r"VAR_DIR: .* is everybody's"):
        settings_of(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


@pytest.mark.slow
def test_nothing_that_the_processes_write_is_for_others(hireops: Hireops):
    before = os.umask(0o022)
    try:
        hireops.web()
        hireops.worker()
        hireops.beat()
        doorbell = Path(urlsplit(hireops.environment["CELERY_BROKER_URL"]).path)
        wait_until(lambda: list(hireops.folder.glob("beat*")) and doorbell.exists())
        hireops.kill_all()
    finally:
        os.umask(before)
    written_by_tests = {str(path) for path in hireops.folder.glob("*.txt")}
    assert set(_open_to_others(hireops.folder)) <= written_by_tests


# --- The error page of Django ------------------------------------------------------------------------------


def _fails(request: HttpRequest) -> None:
    link = f"redis://:{PASSWORD}@broker:6379/0"
    listed = {"LOCATION": [link]}
    raise ZeroDivisionError(len(listed))


def test_an_error_page_masks_passwords_in_addresses(settings):
    settings.DEBUG = True
    settings.DATABASE_URL = f"postgres://hireops:{PASSWORD}@db/hireops"
    settings.CELERY_BROKER_URL = f"amqp://hireops:{PASSWORD}@broker//"
    settings.EMAIL_URL = f"smtp://hireops:{PASSWORD}@mail:25"
    settings.CACHES = {**settings.CACHES, "other": {"LOCATION": f"redis://:{PASSWORD}@cache:6379/1"}}
    request = RequestFactory().get("/", headers={"X-Database": f"postgres://a:{PASSWORD}@db/x"})
    try:
        _fails(request)
    except ZeroDivisionError:
        page = technical_500_response(request, *sys.exc_info()).text
    assert "amqp://hireops:***@broker//" in page
    assert "redis://:***@broker:6379/0" in page
    assert PASSWORD not in page


@pytest.mark.parametrize("output", ["hash", "unified"])
def test_the_settings_can_be_shown_to_somebody(settings, output: str):
    settings.CELERY_BROKER_URL = f"amqp://hireops:{PASSWORD}@broker//"
    settings.METRICS_TOKEN = "a-metrics-token"
    shown = call_command("diffsettings", output=output)
    assert "amqp://hireops:***@broker//" in shown
    for secret in (PASSWORD, "a-metrics-token", settings.SECRET_KEY, settings.FEISHU_APP_SECRET):
        assert secret not in shown
