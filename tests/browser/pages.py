"""Every page of the site as it can be opened, with a row of every kind there: what a walk goes over."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from playwright.sync_api import Page

from tests.roles.site import Address, addresses

OK = 200
# Made by one template for all: a few stand for the others.
ALIKE = ("/history/", "/actions/")
SEND = """([path, row]) => {
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
  const form = document.createElement('form');
  form.method = 'post';
  form.action = path;
  const sent = {csrfmiddlewaretoken: token, _selected_action: row, back: '/admin/'};
  for (const [name, value] of Object.entries(sent)) {
    const field = document.createElement('input');
    field.type = 'hidden';
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""


@dataclass(frozen=True)
class Place:
    """``row``: of an action, which is asked for by sending the row that it is about."""

    path: str
    row: str = ""

    def open(self, page: Page, site: str) -> None:
        if not self.row:
            page.goto(site + self.path)
            return
        page.goto(f"{site}/admin/password_change/done/")  # a small one, with a form that has a token
        with page.expect_navigation():
            page.evaluate(SEND, [self.path, self.row])


def places(superuser: str) -> list[Place]:
    """Those that answer this person with a page of hireops; of pages that are alike, one of each make."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username=superuser))
    seen: set[tuple[str, ...]] = set()
    return list(_places(client, seen))


def _places(client: Client, seen: set[tuple[str, ...]]) -> Iterator[Place]:
    for address in sorted(addresses(), key=lambda each: each.route):
        place = _place(address)
        answer = _answer(client, place)
        if answer.status_code != OK or "html" not in answer.headers["Content-Type"]:
            continue
        made_by = tuple(each.name or "" for each in getattr(answer, "templates", ()))
        if any(part in place.path for part in ALIKE):
            if made_by in seen:
                continue
            seen.add(made_by)
        yield place


def _place(address: Address) -> Place:
    path, _, row = address.path.partition("?ids=")
    return Place(path, row)


def _answer(client: Client, place: Place) -> HttpResponse:
    if place.row:
        return client.post(place.path, {"_selected_action": place.row, "back": "/admin/"})  # type: ignore[return-value]
    return client.get(place.path)  # type: ignore[return-value]
