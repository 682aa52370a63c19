"""Every page that a person can come to, found by the resolver and the admin classes, never by a list."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models, transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.roles.site import addresses

# Rows differ in what their pages say by these.
KINDS = {"state", "kind", "outcome", "cause", "how", "turn", "standing", "event_type", "reason"}
ROWS_LOOKED_AT = 300
INTERNAL_ERROR = 500


@dataclass(frozen=True)
class Visit:
    """``sent`` is what a form sends; None where a page is only opened."""

    path: str
    sent: Mapping[str, Any] | None = None
    where: str = ""

    def __str__(self) -> str:
        return f"{'GET' if self.sent is None else 'POST'} {self.where or self.path}"


def visits_of_a_stranger() -> Iterator[Visit]:
    """Outside the admin, of which whoever has not signed in sees no page; and one that is nowhere."""
    yield from (visit for visit in _of_addresses() if not visit.where.startswith("admin/"))
    yield Visit("/nowhere/")


def visits() -> Iterator[Visit]:
    """Each address opened, and its form sent empty; a page for each kind of row; each action on some rows."""
    yield from _of_addresses()
    yield from _of_rows()
    yield from _of_actions()


def _of_addresses() -> Iterator[Visit]:
    for address in addresses():
        yield Visit(address.path, None, address.route)
        if "actions/" not in address.route:
            yield Visit(address.path, {}, address.route)


def _of_rows() -> Iterator[Visit]:
    for model, name in _registered():
        for row in _of_each_kind(model):
            try:
                path = reverse(f"admin:{name}_change", args=[row.pk])
            except NoReverseMatch:
                continue
            yield Visit(path, None)


def _of_actions() -> Iterator[Visit]:
    for model, name in _registered():
        rows = [row.pk for row in _of_each_kind(model)]
        for action in getattr(admin.site.get_model_admin(model), "staff_actions", ()):
            path = reverse(f"admin:{name}_staff_action", args=[action.name])
            yield Visit(path, {ACTION_CHECKBOX_NAME: rows})


def _registered() -> Iterator[tuple[type[models.Model], str]]:
    for model in admin.site._registry:
        yield model, f"{model._meta.app_label}_{model._meta.model_name}"


def _of_each_kind(model: type[models.Model]) -> list[models.Model]:
    """One row for each value of each column that says of what kind it is."""
    rows = list(model._base_manager.order_by("pk")[:ROWS_LOOKED_AT])
    names = [each.name for each in model._meta.concrete_fields if each.name in KINDS]
    first: dict[Any, models.Model] = {}
    for row in rows:
        for name in names:
            first.setdefault((name, str(getattr(row, name))[:60]), row)
    return list({row.pk: row for row in [*first.values(), *rows[:1]]}.values())


def page(client: Client, visit: Visit) -> str:
    """What is shown in the end, "" for what is no page; what was done is taken back."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        if visit.sent is None:
            response: Any = client.get(visit.path, follow=True)
        else:
            response = client.post(visit.path, visit.sent, follow=True)
        transaction.set_rollback(True)
    client.cookies = cookies
    assert response.status_code != INTERNAL_ERROR, str(visit)
    if not response.streaming:
        assert int(response.headers["Content-Length"]) == len(response.content), f"{visit}: wrong length"
    is_page = not response.streaming and "html" in response.headers.get("Content-Type", "")
    return response.content.decode() if is_page else ""
