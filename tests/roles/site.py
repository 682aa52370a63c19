"""The whole site as data: every address of the resolver, every action, and what each role gets there."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from hireops.desk.roles import ROLES

ANONYMOUS, NO_ROLE, SUPERUSER = "anonymous", "no_role", "superuser"
CAST = [ANONYMOUS, NO_ROLE, *ROLES, SUPERUSER]
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Where what stands there is not the primary key of a row of the model whose page it is.
EXAMPLES = {
    "app_label": "inbox",
    "content_type_id": "1",
    "kind": "csv",
    "result": "paid",
    "scope": "1",
    "url": "nowhere",
}
FIRST_BY = {"people.Session": "started_at"}  # its key is drawn at random
ROWS = {"admin/referrals/payoutbatch/payments/<int:pk>/paid/": "referrals.Payment"}

Person = User | AnonymousUser


@dataclass(frozen=True)
class Address:
    """``route`` as the resolver has it, ``path`` one that it leads to."""

    route: str
    path: str


def cast() -> dict[str, Person]:
    """One person for each role, and those who have none."""
    people: dict[str, Person] = {ANONYMOUS: AnonymousUser()}
    people[NO_ROLE] = User.objects.create_user("without a role", is_staff=True)
    for role, group in ROLES.items():
        person = User.objects.create_user(f"as {role}", is_staff=True)
        person.groups.add(Group.objects.get(name=group))
        people[role] = person
    people[SUPERUSER] = User.objects.create_superuser("as superuser")
    return people


# --- Addresses


def addresses() -> Iterator[Address]:
    for route in _routes(get_resolver().url_patterns):
        if "actions/<slug:name>/" in route:
            yield from _addresses_of_actions(route)
        else:
            yield Address(route, _path(route))


def _routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + _readable(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def _readable(pattern: str) -> str:
    """``^(?P<url>.*)$`` as ``<url>``."""
    return re.sub(r"\(\?P(<\w+>)(?:[^()]|\([^()]*\))*\)", r"\1", pattern).strip("^$").replace("\\", "")


def _addresses_of_actions(route: str) -> Iterator[Address]:
    page = admin.site.get_model_admin(_model(route))
    for action in getattr(page, "staff_actions", ()):
        named = route.replace("<slug:name>", action.name)
        yield Address(named, f"{_path(named)}?ids={_key(route)}")


def _path(route: str) -> str:
    return "/" + PARAMETER.sub(lambda found: EXAMPLES.get(found[1]) or _key(route), route)


def _key(route: str) -> str:
    """The primary key of the first row there is of the model that this page is about."""
    model = _model(route)
    first = model._base_manager.order_by(FIRST_BY.get(model._meta.label, "pk")).first() if model else None
    return str(first.pk) if first else "1"


def _model(route: str) -> Any:
    if route in ROWS:
        return apps.get_model(ROWS[route])
    of_a_model = re.match(r"admin/(\w+)/(\w+)/", route)
    return apps.all_models[of_a_model[1]].get(of_a_model[2]) if of_a_model else None


# --- What each gets


def browsers(people: dict[str, Person]) -> dict[str, Client]:
    clients = {role: Client(raise_request_exception=False) for role in people}
    for role, person in people.items():
        if isinstance(person, User):
            clients[role].force_login(person)
    return clients


def answers(address: Address, clients: dict[str, Client], method: str) -> dict[str, str]:
    """Role to status; what was done is taken back."""
    return {role: _answer(address, client, method) for role, client in clients.items()}


def _answer(address: Address, client: Client, method: str) -> str:
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = client.generic(method, address.path)
        transaction.set_rollback(True)
    client.cookies = cookies
    to_sign_in = response.status_code == 302 and "/login/" in response["Location"]
    return "login" if to_sign_in else str(response.status_code)


def actions_offered(people: dict[str, Person]) -> Iterator[tuple[str, dict[str, str]]]:
    """For each action in the menu of a list: role to yes or no."""
    request = RequestFactory().get("/")
    for model, page in sorted(admin.site._registry.items(), key=lambda each: each[0]._meta.label_lower):
        offered = {}
        for role, person in people.items():
            request.user = person
            offered[role] = set(page.get_actions(request))
        for name in sorted(set().union(*offered.values())):
            yield (
                f"{model._meta.label_lower} {name}",
                {role: "yes" if name in offered[role] else "–" for role in people},
            )


def matrix() -> list[str]:
    """The lines of ``matrix.txt``. Nothing stays in the database."""
    with transaction.atomic():
        people = cast()
        clients = browsers(people)
        lines = [_line("METHOD address", {role: role for role in people})]
        lines += [
            _line(f"{method} {address.route}", answers(address, clients, method))
            for address in sorted(addresses(), key=lambda each: each.route)  # not as the menu has them
            for method in ("GET", "POST")
        ]
        lines += [_line(f"ACTION {name}", offered) for name, offered in actions_offered(people)]
        transaction.set_rollback(True)
    return lines


def _line(first: str, of_roles: dict[str, str]) -> str:
    return first.ljust(74) + " ".join(of_roles[role].ljust(len(role)) for role in CAST).rstrip()
