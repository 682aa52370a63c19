"""What the page's buttons do for the customer: rewards, orders, exams, and leaving the app."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hireops.simulator import downloads, ordering, rewards
from hireops.simulator.customer_forms import EmployeeForm, RewardForm
from hireops.simulator.forms import in_language
from hireops.simulator.pages.home import show
from hireops.simulator.pages.orders import chosen_account, order_form
from hireops.simulator.pages.place import Place
from hireops.simulator.tenancy import TenantChange, change_tenant, emit_app_ticket
from hireops.simulator.world import the_world


@require_POST
def add_employee(request: HttpRequest) -> HttpResponse:
    world, place = the_world(), Place.of(request.POST)
    form = EmployeeForm(request.POST, tenants=world.tenant_keys)
    if not form.is_valid():
        return show(request, place, employee_form=form)
    rewards.add_employee(world, **form.cleaned_data)
    messages.success(request, _("%(name)s works here now.") % form.cleaned_data)
    return place.back()


@require_POST
def change_range(request: HttpRequest, employee_id: str) -> HttpResponse:
    """Takes the employee out of the app's availability range, or back into it."""
    world = the_world()
    with world.lock:
        employee = world.state.staff.get(employee_id)
        if employee is None:
            raise Http404
        employee.in_range = not employee.in_range
        world.changed()
    return Place.of(request.POST).back()


@require_POST
def confirm_reward(request: HttpRequest) -> HttpResponse:
    """The named employee gets points, cash or both; the page again when nobody or several are meant."""
    world, place = the_world(), Place.of(request.POST)
    form = RewardForm(request.POST)
    with world.lock:
        if not form.is_valid() or not form.finds_one(world.state.staff):
            return show(request, place, reward_form=form)
        try:
            rewards.grant(world, form.found, points=form.cleaned_data["points"] or 0, cash=form.cash)
        except ValueError:
            form.add_error(None, _("That would leave a balance below zero."))
            return show(request, place, reward_form=form)
    messages.success(request, _("The reward for %(name)s is confirmed.") % {"name": form.found.name})
    return place.back()


@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """A background check or an exam, by the kind of the account."""
    world, place = the_world(), Place.of(request.POST)
    with world.lock:
        account = chosen_account(world, place)
        if account is None:
            raise Http404
        form = order_form(world, account, request.POST)
        if not form.is_valid():
            return show(request, place, order_form=form)
        form.order(world, account.account_id)
    messages.success(request, _("Ordered for %(candidate)s; the event is on its way.") % form.cleaned_data)
    return place.back()


@require_POST
def cancel_check(request: HttpRequest, background_check_id: str) -> HttpResponse:
    usual = in_language({"zh_cn": "候选人已放弃入职", "en_us": "The candidate has withdrawn"})
    reason = request.POST.get("reason", "").strip()[:200] or usual
    with _refused_with_a_message(request):
        ordering.cancel_check(the_world(), background_check_id, termination_reason=reason)
    return Place.of(request.POST).back()


@require_POST
def decide_check(request: HttpRequest, background_check_id: str) -> HttpResponse:
    with _refused_with_a_message(request):
        approved = request.POST.get("decision") == "approve"
        ordering.decide_check(the_world(), background_check_id, approved=approved)
    return Place.of(request.POST).back()


@require_POST
def fetch_report(request: HttpRequest) -> HttpResponse:
    with _refused_with_a_message(request):
        downloads.fetch(the_world(), request.POST.get("url", ""))
    return Place.of(request.POST).back()


@require_POST
def finish_marking(request: HttpRequest, exam_id: str) -> HttpResponse:
    with _refused_with_a_message(request):
        ordering.finish_marking(the_world(), exam_id)
    return Place.of(request.POST).back()


@require_POST
def change(request: HttpRequest, tenant_key: str) -> HttpResponse:
    """A tenant opens, stops, starts or uninstalls a store app."""
    wanted = request.POST.get("change", "")
    if wanted not in set(TenantChange):
        raise Http404
    with _refused_with_a_message(request):
        change_tenant(the_world(), tenant_key, TenantChange(wanted))
    return Place.of(request.POST).back()


@require_POST
def push_ticket(request: HttpRequest) -> HttpResponse:
    emit_app_ticket(the_world())
    return Place.of(request.POST).back()


@contextmanager
def _refused_with_a_message(request: HttpRequest) -> Iterator[None]:
    try:
        yield
    except ValueError:
        messages.error(request, _("That is no longer possible: something has changed meanwhile."))
