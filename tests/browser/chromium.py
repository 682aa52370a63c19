"""Debian's Chromium, led by Playwright, and what must never happen in it.

The browser is the distribution's own (``apt-get install chromium``): nothing is downloaded. Inside
``chromium()`` a loop runs in this thread, so Django's ORM cannot be used: what a test needs in the database
is written before, and what it wants to know it reads off the pages.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Request, WebError, sync_playwright

PROGRAM = shutil.which("chromium") or ""
NO_BROWSER = "No Chromium here, so no test in a browser: apt-get install chromium fonts-wqy-zenhei"
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Pages and pictures are made here, not fetched.
OF_NO_HOST = {"about", "blob", "data"}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, which is removed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What went wrong in a context: errors on the console or in a script, requests to another host."""

    hosts: set[str]
    complaints: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> "Watch":
        context.on("console", self._hear)
        context.on("weberror", self._fail)
        context.on("request", self._see)
        return self

    def forgive(self, what: str) -> None:
        """Complaints that say this are of what the test itself has done."""
        self.complaints = [each for each in self.complaints if what not in each]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            page = message.page.url if message.page else ""
            self.complaints.append(f"console: {message.text} {message.location.get('url')} (on {page})")

    def _fail(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error}")

    def _see(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in OF_NO_HOST and address.netloc not in self.hosts:
            self.complaints.append(f"request to another host: {request.url}")
