"""axe-core finds nothing on any page, in both languages, wide and narrow, light and dark; keys are enough."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Error, Locator, Page

from referrals.models import Withdrawal
from tests.browser.chromium import chromium
from tests.browser.pages import Place, places
from tests.browser.visitor import HEIGHT, NARROW, WIDE, Door
from tests.browser.world import PASSWORD
from tests.databases import Database
from tests.guards.conftest import _former, _migrated
from tests.processes import Hireops
from tests.simulator_process import APP
from tests.upgrade.conftest import opened

__all__ = ["_former", "_migrated"]

# For a machine that does much else: alone it takes three minutes.
pytestmark = pytest.mark.timeout(3600)

# One look at a page in a language: the next page has the next look, and the other language the opposite one.
LOOKS = [(WIDE, "light"), (NARROW, "dark"), (NARROW, "light"), (WIDE, "dark")]
OPPOSITE = {"zh-hans": 0, "en": 1}
# Of the company: who came later could not pay yet.
ROOT = "root"
LET_IN = f"""
from django.contrib.auth.models import User
root = User.objects.get(username={ROOT!r})
root.set_password({PASSWORD!r})
root.save()
"""
NOBODY_IS_THERE = "http://127.0.0.1:9"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """rules => axe.run({
  runOnly: {type: 'tag', values: rules}, resultTypes: ['violations'], preload: false, iframes: false,
}).then(found => found.violations)"""
# What axe tries and the policy of our pages forbids it.
BY_AXE = "Applying inline style violates"
# Pages that no address of the site or no row stands for: what is narrowed or searched, what is not there.
ASKED_FOR = [
    "/admin/bindings/ecoaccount/?whose=waits",
    "/admin/bindings/accounttobind/?state=aside",
    "/admin/find/?q=nobody",
    "/admin/help/binding/",
    "/admin/nothing/",
]
OF_STRANGERS = ["/account/login/", "/nothing"]
NOT_THERE = "the server responded with a status of 404"
PAGES_GO_ON = 3
MOST_TABS = 10
MARKS = """row => [...row.querySelectorAll('label')]
  .filter(label => getComputedStyle(label, '::before').content.includes('*')).length"""
FOCUS_IS_SHOWN = """element => element.matches(':focus-visible')
  && getComputedStyle(element).outlineStyle !== 'none'"""


@pytest.fixture(scope="module")
def database(folder: Path, _migrated: Database, _there_is_a_browser: None) -> Iterator[Database]:
    """Of a company, with something in every table."""
    database = _migrated.copy(folder)
    yield database
    database.drop()


@pytest.fixture(scope="module")
def every_page(database: Database, django_db_blocker: Any) -> list[Place]:
    with django_db_blocker.unblock(), opened(database):
        return places(ROOT)


@pytest.fixture(scope="module")
def company(database: Database, folder: Path, every_page: list[Place]) -> Iterator[str]:
    """Its address. No worker runs: nothing moves while it is looked at."""
    hireops = Hireops(database, folder)
    hireops.environment |= APP | {
        "DEMO": "",
        "FEISHU_BASE_URL": NOBODY_IS_THERE,
        "FEISHU_MESSAGES": "true",
        "FEISHU_SIGN_IN": "true",
        "FEISHU_SIGN_IN_TENANT_KEY": "2ca1d211f64f6438",
        "PROOF_MINUTES": "120",
        "PUBLIC_URL": "https://hireops.example",
        "PUBLIC_URL_CHECK": "false",
        "SECOND_FACTOR_ROLES": "none",
    }
    hireops.python("manage.py", "shell", "-c", LET_IN)
    try:
        yield hireops.web()
    finally:
        hireops.kill_all()


@pytest.fixture(scope="module")
def browser(company: str) -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def _door(browser: Browser, company: str) -> Door:
    return Door(browser, company, {urlsplit(company).netloc})


def test_axe_finds_nothing(door: Door, company: str, every_page: list[Place], language: str) -> None:
    page = door.let_in(ROOT, language).page
    found = [
        each
        for number, place in enumerate(every_page)
        for each in _violations(page, company, place, *LOOKS[number % len(LOOKS) ^ OPPOSITE[language]])
    ]
    door.watch.forgive(BY_AXE)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_where_no_row_leads(door: Door, company: str, language: str) -> None:
    root, stranger = door.let_in(ROOT, language).page, door.stranger(language).page
    found = [
        each
        for page, paths in ((root, ASKED_FOR), (stranger, OF_STRANGERS))
        for path in paths
        for look in LOOKS
        for each in _violations(page, company, Place(path), *look)
    ]
    door.watch.forgive(BY_AXE)
    door.watch.forgive(NOT_THERE)
    assert not found, "\n".join(found)


def _violations(page: Page, site: str, place: Place, width: int, scheme: Any) -> list[str]:
    """A page that goes on by itself while it is looked at is looked at again."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme=scheme)
    for more in reversed(range(PAGES_GO_ON)):
        try:
            place.open(page, site)
            page.evaluate(AXE_SCRIPT)
            found = page.evaluate(RUN_AXE, RULES)
            break
        except Error:
            page.goto("about:blank")
            if not more:
                raise
    return [
        f"{place.path} {width} {scheme}: {each['id']} ({each['impact']}): {node['html'][:200]}"
        for each in found
        for node in each["nodes"]
    ]


def test_a_required_choice_is_marked_once(door: Door) -> None:
    root = door.let_in(ROOT, "en")
    root.open("/admin/referrals/payment/?state__exact=paid")
    choice = root.content.locator(".form-row.required", has=root.page.get_by_role("radio"))
    for payment in [
        link.get_attribute("href") or "" for link in root.content.locator("#result_list th a").all()
    ]:
        root.open(payment.partition("/change/")[0] + "/reverse/")
        if choice.count():  # it is not reversed yet
            break
    assert choice.evaluate(MARKS) == 1


# --- Keys


def test_the_first_tab_leads_past_header_and_menu(door: Door, language: str) -> None:
    root = door.let_in(ROOT, language)
    root.open("/admin/referrals/withdrawal/")
    _skip_to_the_content(root.page)
    root.page.keyboard.press("Tab")
    assert root.page.evaluate("document.querySelector('#content').contains(document.activeElement)")


def test_a_payout_is_approved_without_a_mouse(door: Door, language: str) -> None:
    root = door.let_in(ROOT, language)
    root.open("/admin/referrals/withdrawal/?state__exact=requested")
    root.follow_row(root.word(Withdrawal.State.REQUESTED.label))
    _skip_to_the_content(root.page)
    _tab_to(root.content.get_by_role("button", name=root.word("Approve"), exact=True))
    with root.page.expect_navigation():
        root.page.keyboard.press("Enter")

    _skip_to_the_content(root.page)
    _tab_to(root.content.get_by_label(root.word("Comment on the approval")))
    root.page.keyboard.type("seen")
    approve = root.content.locator(".submit-row [type=submit]")
    _tab_to(approve)
    assert approve.evaluate(FOCUS_IS_SHOWN)


def _skip_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def _tab_to(button: Locator) -> None:
    for _ in range(MOST_TABS):
        button.page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{button} is not within {MOST_TABS} tabs")
