"""The page whole, and part by part for its script."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import urljoin

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hireops.simulator.customer_forms import EmployeeForm, RewardForm
from hireops.simulator.forms import FaultForm, SwitchesForm
from hireops.simulator.pages.accounts import accounts_part, form_part
from hireops.simulator.pages.logs import Context, calls_part, deliveries_part, faults_part
from hireops.simulator.pages.messages import messages_part
from hireops.simulator.pages.orders import order_part, orders_part
from hireops.simulator.pages.place import VIEWS, Place
from hireops.simulator.pages.referrals import employees_part
from hireops.simulator.world import World, the_world

FRAGMENTS: dict[str, Callable[[World, Place], Context]] = {
    "form": form_part,
    "accounts": accounts_part,
    "employees": employees_part,
    "orders": orders_part,
    "messages": messages_part,
    "deliveries": deliveries_part,
    "calls": calls_part,
    "faults": faults_part,
}
_OF_A_VIEW = {
    "accounts": (form_part, accounts_part),
    "referrals": (employees_part,),
    "orders": (order_part, orders_part),
}
_OF_ALL_VIEWS = (messages_part, deliveries_part, calls_part, faults_part)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return show(request, Place.of(request.GET))


@require_GET
def versions(request: HttpRequest) -> HttpResponse:
    """What the page's script asks every two seconds, to fetch only fragments that have changed."""
    world = the_world()
    return JsonResponse({"form": world.form_version, "log": world.log_version})


@require_GET
def fragment(request: HttpRequest, name: str) -> HttpResponse:
    """One part of the page, as the page itself includes it."""
    if name not in FRAGMENTS:
        raise Http404
    place = Place.of(request.GET)
    context = {**_frame(the_world(), place), **FRAGMENTS[name](the_world(), place)}
    return render(request, f"simulator/_{name}.html", context)


def show(request: HttpRequest, place: Place, **forms: Any) -> HttpResponse:
    """The page at this place; ``forms`` are those with mistakes, which make it a 400."""
    world = the_world()
    context = _frame(world, place)
    for part in (*_OF_A_VIEW[place.view], *_OF_ALL_VIEWS):
        context |= part(world, place)
    context |= {
        "reward_form": RewardForm(initial={"employee": place.employee}),
        "employee_form": EmployeeForm(tenants=world.tenant_keys),
        "fault_form": FaultForm(),
        "switches_form": SwitchesForm(initial=asdict(world.state.switches)),
    }
    return render(request, "simulator/page.html", {**context, **forms}, status=400 if forms else 200)


def _frame(world: World, place: Place) -> Context:
    with world.lock:
        tenants = list(world.state.tenants.items())
    return {
        "place": place,
        "views": VIEWS.items(),
        "environment": world.environment,
        "tenants": tenants,
        "hireops_url": urljoin(world.environment.webhook_url, "/admin/"),
        "form_version": world.form_version,
        "log_version": world.log_version,
    }
