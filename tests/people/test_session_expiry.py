"""A form that is sent after its session has ended comes back to who sent it, and to nobody else."""

import html
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bindings.models import AdditionalItem
from hireops.people.models import Session
from tests.people.conftest import PASSWORD, english

pytestmark = pytest.mark.django_db

REASON = "被 & typed 13800138000"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def browser(root: User) -> Client:
    """Of somebody who was signed in until now."""
    browser = english(Client())
    sign_in(browser, "root")
    browser.get("/admin/")
    return browser


def sign_in(browser: Client, name: str) -> None:
    answer = browser.post("/account/login/", {"login": name, "password": PASSWORD})
    assert answer.status_code == 302


def kept(answer: Any) -> dict[str, str]:
    """What the tab keeps of the page."""
    found = dict(re.findall(r'data-(path|kept)="([^"]*)"', answer.content.decode()))
    return {name: html.unescape(value) for name, value in found.items()}


def send_again(browser: Client, tab: dict[str, str]) -> Any:
    return browser.post(tab["path"], {"kept_form": tab["kept"]})


@pytest.fixture
def item(db: None) -> AdditionalItem:
    return AdditionalItem.objects.create(code="court", name="Court")


def typed(**values: Any) -> dict[str, Any]:
    return {"code": "court", "name": "Court", "description": REASON, "extra_working_days": 2, **values}


def end(root: User) -> None:
    Session.objects.filter(user=root).delete()


def test_what_was_typed_into_a_form_is_there_again_and_is_not_saved(
    browser: Client, root: User, item: AdditionalItem, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = f"/admin/bindings/additionalitem/{item.pk}/change/"
    end(root)
    ended = browser.post(address, typed())
    page = ended.content.decode()
    assert "Your session has ended" in page
    assert "13800138000" not in page + caplog.text + str(ended.headers)
    assert "Your session has ended." in browser.get("/account/login/").content.decode()
    sign_in(browser, "root")
    back = send_again(browser, kept(ended))
    assert "You are signed in again. Nothing was saved yet: look, then save." in back.content.decode()
    assert back.context["adminform"].form["description"].value() == REASON
    item.refresh_from_db()
    assert item.description == ""
    assert browser.post(address, typed()).status_code == 302


def test_what_was_chosen_and_its_reason_are_there_again_and_nothing_is_done(
    browser: Client, root: User, item: AdditionalItem
) -> None:
    act = "/admin/bindings/additionalitem/actions/archive/"
    chosen = {"_selected_action": item.pk, "confirmed": "yes", "reason": REASON, "again": "yes"}
    end(root)
    tab = kept(browser.post(act, chosen))
    sign_in(browser, "root")
    back = send_again(browser, tab)
    assert back.context["objects"] == [item]
    assert back.context["form"]["reason"].value() == REASON
    item.refresh_from_db()
    assert not item.archived


def test_a_selection_in_a_list_goes_on_to_its_confirmation(
    browser: Client, root: User, item: AdditionalItem
) -> None:
    end(root)
    tab = kept(
        browser.post("/admin/bindings/additionalitem/", {"action": "archive", "_selected_action": item.pk})
    )
    sign_in(browser, "root")
    assert send_again(browser, tab).context["objects"] == [item]


def test_nobody_else_gets_it(
    browser: Client, root: User, item: AdditionalItem, client_of: Callable[[User], Client]
) -> None:
    other = User.objects.create_superuser("other", password=PASSWORD)
    address = f"/admin/bindings/additionalitem/{item.pk}/change/"
    end(root)
    tab = kept(browser.post(address, typed()))
    for name, value in {"path": tab["path"], "kept": tab["kept"]}.items():
        assert REASON not in value, name
    answer = send_again(client_of(other), tab)
    assert answer.url == "/admin/"
    item.refresh_from_db()
    assert item.description == ""
    assert send_again(client_of(other), tab | {"kept": "forged"}).url == "/admin/"


def test_a_file_has_to_be_chosen_again_and_passwords_are_not_kept(browser: Client, root: User) -> None:
    end(root)
    file = SimpleUploadedFile("report.pdf", b"%PDF-")
    ended = browser.post("/admin/bindings/reportfile/upload/", {"reason": "r", "file": file})
    assert "Only files have to be chosen once more: report.pdf" in ended.content.decode()
    ended = browser.post("/admin/password_change/", {"old_password": PASSWORD, "new_password1": "x"})
    sign_in(browser, "root")
    assert not send_again(browser, kept(ended)).wsgi_request.POST


def test_who_signs_out_leaves_nothing(browser: Client, item: AdditionalItem) -> None:
    browser.post("/admin/logout/")
    answer = browser.post(f"/admin/bindings/additionalitem/{item.pk}/change/", typed())
    assert answer.status_code == 302
    assert "Your session has ended" not in browser.get("/account/login/").content.decode()
