"""The consent page: somebody picks who to be, and goes back to the partner with a code."""

from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from hireops.simulator import rewards
from hireops.simulator.api.authen import EMAIL, PHONE
from hireops.simulator.customer_forms import EmployeeForm
from hireops.simulator.pages.logs import SHOWN
from hireops.simulator.records import Employee
from hireops.simulator.signing_in import AuthorizationRequest
from hireops.simulator.world import World, the_world


@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponseBase:
    """``GET`` with the partner's parameters shows the page; its forms are posted to the same address."""
    world, asked = the_world(), AuthorizationRequest.of(request.GET)
    environment = world.environment
    mistake = asked.mistake(app_id=environment.app_id, redirect_urls=environment.redirect_urls)
    if mistake:
        return render(request, "simulator/consent.html", {"mistake": mistake}, status=400)
    if request.method == "POST":
        return _answer(request, world, asked)
    return _page(request, world, asked, EmployeeForm(tenants=world.tenant_keys))


def _answer(request: HttpRequest, world: World, asked: AuthorizationRequest) -> HttpResponseBase:
    match request.POST.get("act"):
        case "refuse":
            return HttpResponseRedirect(asked.back(error="access_denied"))
        case "add":
            form = EmployeeForm(request.POST, tenants=world.tenant_keys)
            if not form.is_valid():
                return _page(request, world, asked, form, status=400)
            return _agreed(world, asked, rewards.add_employee(world, **form.cleaned_data))
    with world.lock:
        employee = world.state.staff.get(request.POST.get("employee", ""))
    if employee is None:
        return _page(request, world, asked, EmployeeForm(tenants=world.tenant_keys), status=400)
    return _agreed(world, asked, employee)


def _agreed(world: World, asked: AuthorizationRequest, employee: Employee) -> HttpResponseBase:
    with world.lock:
        code = world.codes.give(employee, asked, now=world.clock.now())
    return HttpResponseRedirect(asked.back(code=code))


def _page(
    request: HttpRequest, world: World, asked: AuthorizationRequest, form: EmployeeForm, status: int = 200
) -> HttpResponseBase:
    """Its forms may lead to the partner, whose address has been compared with those that are allowed."""
    with world.lock:
        employees = world.state.staff.newest(SHOWN)
    partner = urlsplit(asked.redirect_uri)
    context = {
        "app_id": asked.client_id,
        "partner": partner.netloc,
        "sees_mobile": PHONE in asked.scope.split(),
        "sees_email": EMAIL in asked.scope.split(),
        "employees": employees,
        "several_tenants": len(world.tenant_keys) > 1,
        "employee_form": form,
    }

    @csp_update({"form-action": f"{partner.scheme}://{partner.netloc}"})
    def show(request: HttpRequest) -> HttpResponseBase:
        return render(request, "simulator/consent.html", context, status=status)

    return show(request)
