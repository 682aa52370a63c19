"""Two people edit the same thing: the second one is told, keeps what they typed, and decides."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.forms import NumberInput, Textarea, TextInput
from django.test import Client, RequestFactory

from bindings.models import CheckPackage, MatchingRule, StageTemplate
from hireops.desk.admin import StaffAdmin
from tests.bindings.conftest import says
from tests.guards.conftest import _former, _migrated, company  # noqa: F401 - fixtures
from tests.pages import _Forms

STOPPED = "Nothing was saved: this has been changed since you opened the page."


class ShownForms(_Forms):
    """With what is ticked."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        attributes = dict(attrs)
        if attributes.get("type") in {"checkbox", "radio"} and "checked" in attributes:
            self.forms[-1][1][attributes["name"] or ""] = attributes.get("value") or "on"


def form_shown(page: Any) -> dict[str, str]:
    return next(fields for _form, fields in ShownForms(page.content.decode()).forms if "version" in fields)


def editable_admins() -> Iterator[StaffAdmin]:
    request: Any = RequestFactory().get("/")
    request.user = User(is_superuser=True)
    for each in admin.site._registry.values():
        if each.has_change_permission(request):
            assert isinstance(each, StaffAdmin)
            yield each


def typed(page: Any) -> dict[str, str]:
    """The first field of the page that takes text or a number, with another value."""
    form = page.context["adminform"].form
    for name, field in form.fields.items():
        takes = isinstance(field.widget, NumberInput | TextInput | Textarea)
        if takes and not field.disabled and not field.widget.is_hidden:
            value = form[name].value()
            return {name: str(int(value) + 1) if isinstance(field.widget, NumberInput) else f"{value}z"}
    raise AssertionError(page.request["PATH_INFO"])


def test_every_form_that_can_be_changed_stops_the_second_save(company: Any) -> None:  # noqa: F811
    root, tried = User.objects.create_superuser("root.two"), []
    with transaction.atomic():
        for each in editable_admins():
            row = each.model._default_manager.exclude(pk=root.pk).order_by("pk").first()
            first, second = Client(), Client()
            for client in (first, second):
                client.cookies["django_language"] = "en"
                client.force_login(root)
            address = each._url("change", row.pk)
            page = first.get(address)
            theirs, ours = form_shown(page), form_shown(second.get(address))
            saved = first.post(address, theirs | typed(page))
            assert saved.status_code == 302, (address, saved.context["errors"])
            stopped = second.post(address, ours)
            assert says(stopped, STOPPED), address
            assert says(stopped, "root.two"), address
            assert stopped.context["edit_conflict"].entries, address
            assert second.post(address, form_shown(stopped)).status_code == 302, address
            tried.append(each.opts.model_name)
    assert {"group", "user", "customer", "orderform", "checkpackage", "matchingrule"} <= {*tried}


@pytest.fixture
def browser(db: None) -> Client:
    browser = Client()
    browser.cookies["django_language"] = "en"
    browser.force_login(User.objects.create_superuser("root.two"))
    return browser


def test_the_second_of_two_tabs_says_which_row_is_another_now(browser: Client) -> None:
    basic = CheckPackage.objects.create(code="basic", name="Basic")
    stage = StageTemplate.objects.create(package=basic, position=10, name="开始", turn="vendor")
    address = f"/admin/bindings/checkpackage/{basic.pk}/change/"
    first, second = form_shown(browser.get(address)), form_shown(browser.get(address))
    assert browser.post(address, first | {"stages-0-name": "已开始"}).status_code == 302
    CheckPackage.objects.update(working_days=8)
    stopped = browser.post(address, second | {"name": "Basic 2"})
    changed = [(each.row, each.label, each.now) for each in stopped.context["edit_conflict"].changed]
    assert changed == [("", "Promised working days", "8"), ("已开始", "Name", "已开始")]
    stage.refresh_from_db()
    assert stage.name == "已开始"
    shown = form_shown(stopped)
    assert (shown["name"], shown["working_days"], shown["stages-0-name"]) == ("Basic 2", "8", "已开始")
    assert browser.post(address, shown).status_code == 302
    kept = CheckPackage.objects.values_list("name", "working_days", "stages__name").get()
    assert kept == ("Basic 2", 8, "已开始")


def test_a_row_that_was_removed_meanwhile_does_not_come_back(browser: Client) -> None:
    basic = CheckPackage.objects.create(code="basic", name="Basic")
    stage = StageTemplate.objects.create(package=basic, position=10, name="开始", turn="vendor")
    address = f"/admin/bindings/checkpackage/{basic.pk}/change/"
    shown = form_shown(browser.get(address))
    stage.delete()
    stopped = browser.post(address, shown | {"name": "Basic 2"})
    assert says(stopped, "removed")
    assert browser.post(address, form_shown(stopped)).status_code == 302
    assert not basic.stages.exists()


def test_a_list_keeps_what_nobody_touched_and_says_who_changed_the_same(browser: Client) -> None:
    one, other = (MatchingRule.objects.create(scope=1, key=key, kind="code", position=1) for key in "ab")
    address = "/admin/bindings/matchingrule/"
    page = browser.get(address).content.decode()
    fields = next(fields for _form, fields in ShownForms(page).forms if "form-0-id" in fields) | {
        "_save": "Save"
    }
    number = {fields[f"form-{each}-id"]: f"form-{each}-position" for each in (0, 1)}
    assert browser.post(address, fields | {number[str(one.pk)]: "5"}).status_code == 302
    assert browser.post(address, fields | {number[str(other.pk)]: "7"}).status_code == 302
    assert list(MatchingRule.objects.order_by("pk").values_list("position", flat=True)) == [5, 7]
    stopped = browser.post(address, fields | {number[str(one.pk)]: "9"})
    assert says(stopped, "root.two has changed this to 5 since you opened the list.")
    page = stopped.content.decode()
    again = next(fields for _form, fields in ShownForms(page).forms if "form-0-id" in fields)
    assert browser.post(address, again | {"_save": "Save"}).status_code == 302
    one.refresh_from_db()
    assert one.position == 9
