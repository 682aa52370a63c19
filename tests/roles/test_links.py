"""No page shows a link that its reader is refused."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from html import unescape
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve

from hireops.desk.roles import ROLES
from tests.databases import Database
from tests.roles.site import browsers, cast
from tests.selection import on_sqlite

pytestmark = [on_sqlite, pytest.mark.slow, pytest.mark.timeout(900)]

LINK = re.compile(r'<a\s[^>]*?href="([^"#]+)')
MOST_OF_A_ROUTE = 5


@pytest.mark.parametrize("role", ROLES)
def test_no_link_leads_to_a_page_that_is_refused(company: Database, role: str) -> None:
    with transaction.atomic():
        refused = sorted(_refused(browsers({role: cast()[role]})[role]))
        transaction.set_rollback(True)
    assert not refused, "\n".join(refused)


def _refused(browser: Client) -> Iterator[str]:
    """Follow links from the home page, a few of each route, and yield those that are refused."""
    seen, of_a_route, waiting = {"/admin/"}, Counter[str](), deque([("", "/admin/")])
    while waiting:
        page, path = waiting.popleft()
        answer = browser.get(path)
        if answer.status_code == HTTPStatus.FORBIDDEN:
            yield f"{path} on {page}"
        if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
            answer.close()
            continue
        for link in LINK.findall(answer.content.decode()):
            target = urljoin(path, unescape(link))
            route = _route(target)
            if target in seen or not route or of_a_route[route] >= MOST_OF_A_ROUTE:
                continue
            seen.add(target)
            of_a_route[route] += 1
            waiting.append((path, target))


def _route(target: str) -> str:
    """Return the route of an address of the desk; "" for any other."""
    parts = urlsplit(target)
    if parts.netloc or not parts.path.startswith("/admin/"):
        return ""
    try:
        return resolve(parts.path).route
    except Resolver404:
        return ""
