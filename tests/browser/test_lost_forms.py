"""What somebody has typed is not lost: not when the session ends, not when they leave by mistake."""

from playwright.sync_api import Dialog

from tests.browser.visitor import Door
from tests.browser.world import PASSWORD, World

END = "from hireops.people.models import Session; Session.objects.all().delete()"
ADD = "/admin/bindings/additionalitem/add/"


def test_who_leaves_an_edited_form_is_asked(door: Door) -> None:
    person = door.let_in("vera", "zh-hans")
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    person.page.on("dialog", leave)
    person.open(ADD)
    person.open(ADD)
    assert not asked
    person.page.locator("[name=name]").fill("诉讼记录")
    person.open("/admin/")
    assert asked == ["beforeunload"]


def test_after_signing_in_again_the_form_is_filled_as_it_was(door: Door, site: World) -> None:
    person = door.let_in("vera", "zh-hans")
    person.open(ADD)
    person.page.locator("[name=code]").fill("court")
    person.page.locator("[name=name]").fill("诉讼记录")
    site.hireops.python("manage.py", "shell", "-c", END)
    person.press("Save")
    person.sees("Your session has ended")
    person.follow("Sign in again")
    person.sees("Your session has ended. Sign in again to go on.")
    person.fill("User name or email address", "vera")
    person.fill("Password", PASSWORD)
    with person.page.expect_navigation(url=f"**{ADD}"):
        person.page.get_by_role("button", name=person.word("Log in"), exact=True).click()
    person.sees("You are signed in again. Nothing was saved yet: look, then save.")
    assert person.page.locator("[name=name]").input_value() == "诉讼记录"
    person.save()
    person.reads("诉讼记录")
