"""Somebody of the staff at a page, who finds things by what they are called in the language of the page."""

import re
import time
from typing import Any
from urllib.parse import urljoin

from django.utils.functional import Promise
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.chromium import Watch
from tests.browser.world import PASSWORD

WIDE, NARROW = 1280, 390
HEIGHT = 900
IN_TIME_S = 60
PATIENCE_MS = 20_000


class Visitor:
    """``page`` for what has no word here. Every word is the msgid; ``site`` is where paths begin."""

    def __init__(self, page: Page, site: str, language: str) -> None:
        self.page = page
        self.site = site
        self.language = language

    def word(self, msgid: str | Promise, **values: Any) -> str:
        """Of a msgid, or of what a model calls something (``State.DONE.label``)."""
        with override(self.language):
            word = str(msgid) if isinstance(msgid, Promise) else gettext(msgid)
        return word % values if values else word

    @property
    def content(self) -> Locator:
        """The page without its header and menu."""
        return self.page.locator("#content, body > main")

    def address_of(self, start: str) -> str:
        """Of the first link of the content that leads to an address which begins so and goes on."""
        link = self.content.locator(f"a[href^='{start}']:not([href='{start}'])").first
        return str(link.get_attribute("href"))

    # --- Where they go and what they press

    def open(self, path: str) -> None:
        answer = self.page.goto(urljoin(self.site, path))
        assert answer, path
        assert answer.status == 200, (path, answer.status)

    def follow(self, msgid: str | Promise, within: Locator | None = None) -> None:
        link = (within or self.content).get_by_role("link", name=self._named(msgid)).first
        self._go_by(link)

    def press(self, msgid: str | Promise, within: Locator | None = None, **values: Any) -> None:
        """The button that is called so, or whose name begins so where ``msgid`` ends with a value."""
        name = self._named(msgid, **values)
        self._go_by((within or self.content).get_by_role("button", name=name).first)

    def confirm(self, reason: str = "", *, label: str = "Reason") -> None:
        """The one form of a page that asks whether it is meant: its reason, its button."""
        form = self.content.locator("form").filter(has=self.page.locator(".submit-row")).last
        if reason:
            form.get_by_label(self.word(label)).fill(reason)
        self._go_by(form.locator(".submit-row").get_by_role("button").first)
        complaints = self.content.locator(".errorlist, .errornote").all_inner_texts()
        assert not complaints, (self.page.url, complaints)

    def save(self) -> None:
        """The first button of a form of the admin."""
        self._go_by(self.content.locator("[name=_save]"))
        assert not self.content.locator(".errorlist").count(), self._shown()

    def fill(self, msgid: str | Promise, text: str) -> None:
        self.page.get_by_label(self._named(msgid)).first.fill(text)

    def choose(self, msgid: str | Promise, option: str) -> None:
        self.page.get_by_label(self._named(msgid)).first.select_option(label=option)

    def follow_row(self, text: str) -> None:
        """To the page of the row of a list that says this."""
        self._go_by(self.row(text).get_by_role("link").first)

    def run_action(self, msgid: str | Promise, *rows: str) -> None:
        """Ticks the rows of the list that say this, and sends the action for them."""
        for row in rows:
            self.row(row).locator("input.action-select").check()
        self.page.locator("select[name=action]").select_option(label=self.word(msgid))
        self._go_by(self.page.locator("#changelist-form button[name=index]"))

    def _go_by(self, door: Locator) -> None:
        """Every link and button of these pages leads to a page; the next look is at that one."""
        with self.page.expect_navigation():
            door.click()

    def _named(self, msgid: str | Promise, **values: Any) -> re.Pattern[str]:
        """Not the case of its first letter: pages write it as a title."""
        word = re.escape(self.word(msgid, **values))
        return re.compile(rf"^\W*{word}\W*$", re.IGNORECASE)

    # --- What they see

    def row(self, text: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=text).first

    def sees(self, msgid: str | Promise, **values: Any) -> None:
        self.reads(self.word(msgid, **values))

    def reads(self, text: str) -> None:
        self._says(lambda: expect(self.page.locator("body")).to_contain_text(text, ignore_case=True))

    def reads_in_time(self, text: str, path: str = "") -> None:
        """Looks at the page again until it says this; workers have their turn meanwhile. The page is that of
        the path, never the one before it, which may say the same."""
        if path:
            self.open(path)
        deadline = time.monotonic() + IN_TIME_S
        while text.casefold() not in (self.page.locator("body").text_content() or "").casefold():
            assert time.monotonic() < deadline, f"no “{text}” on {self._shown()}"
            time.sleep(0.3)
            self.open(path or self.page.url)

    def sees_in_time(self, msgid: str | Promise, path: str = "", **values: Any) -> None:
        self.reads_in_time(self.word(msgid, **values), path)

    def _says(self, expectation: Any) -> None:
        try:
            expectation()
        except AssertionError as missing:
            raise AssertionError(f"{str(missing).splitlines()[0]}\n{self._shown()}") from None

    def _shown(self) -> str:
        return f"{self.page.url}\n{self.page.locator('body').inner_text()[:4000]}"


def new_context(browser: Browser, *, language: str, width: int = WIDE, **more: Any) -> BrowserContext:
    """Chinese or English as their locale too, in the time zone of the house."""
    context = browser.new_context(
        locale="zh-CN" if language == "zh-hans" else "en-GB",
        timezone_id="Asia/Shanghai",
        viewport={"width": width, "height": HEIGHT},
        reduced_motion="reduce",
        **more,
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


def speak(context: BrowserContext, language: str, *sites: str) -> None:
    """As who has chosen the language in the header before."""
    names = ("django_language", "simulator_language")
    context.add_cookies([{"name": name, "value": language, "url": site} for site in sites for name in names])


def sign_in(page: Page, site: str, login: str, password: str = PASSWORD) -> None:
    """At the page where everybody does, whatever its language is."""
    page.goto(f"{site}/admin/")
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(password)
    page.locator("#login-form input[type=submit]").click()
    page.wait_for_url(lambda url: "/login/" not in url)


class Door:
    """Lets people in: each signs in once at the page, and is remembered for all that comes after."""

    def __init__(self, browser: Browser, site: str, hosts: set[str]) -> None:
        self.browser, self.site, self.watch = browser, site, Watch(hosts)
        self._remembered: dict[str, Any] = {}
        self._contexts: list[BrowserContext] = []
        self._elsewhere = [f"http://{host}" for host in hosts]

    def let_in(self, login: str, language: str, width: int = WIDE) -> Visitor:
        visitor = self.stranger(language, width, storage_state=self._remembered.get(login))
        if login not in self._remembered:
            sign_in(visitor.page, self.site, login)
            self._remembered[login] = visitor.page.context.storage_state()
        return visitor

    def stranger(self, language: str, width: int = WIDE, **more: Any) -> Visitor:
        """Whoever comes with a browser that nobody has signed in with, or with the state that is given."""
        context = new_context(self.browser, language=language, width=width, **more)
        self._contexts.append(context)
        self.watch.over(context)
        speak(context, language, *self._elsewhere)
        return Visitor(context.new_page(), self.site, language)

    def close(self) -> None:
        """Everybody leaves; whatever went wrong on the way fails the test."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        complaints, self.watch.complaints = self.watch.complaints, []
        assert not complaints, "\n".join(complaints)
