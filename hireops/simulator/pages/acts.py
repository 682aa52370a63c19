"""What the page's buttons do to the machinery, and the first thing a customer does: add an account."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hireops.simulator import events
from hireops.simulator.delivery import verify_url
from hireops.simulator.forms import FaultForm, SwitchesForm
from hireops.simulator.gateway import the_gateway
from hireops.simulator.pages.accounts import account_form
from hireops.simulator.pages.home import show
from hireops.simulator.pages.place import Place
from hireops.simulator.world import the_world


@require_POST
def add_account(request: HttpRequest) -> HttpResponse:
    """Adds what the customer filled in, or shows the form again with what is missing."""
    world, place = the_world(), Place.of(request.POST)
    form = account_form(world, place.scope, request.POST)
    if not form.is_valid():
        return show(request, place, account_form=form)
    cleaned = form.cleaned_data
    events.add_account(
        world,
        scope=place.scope,
        name=cleaned["name"],
        usages=cleaned["usages"],
        values=form.values,
        tenant_key=cleaned["tenant_key"],
    )
    messages.success(request, _("The account “%(name)s” was added; the event is on its way.") % cleaned)
    return place.back()


@require_POST
def deliver_now(request: HttpRequest, event_id: str) -> HttpResponse:
    world = the_world()
    with world.lock:
        event = world.state.events.get(event_id)
        if event is None:
            raise Http404
        events.deliver_now(world, event)
    return Place.of(request.POST).back()


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    verified, explanation = verify_url(the_world().environment)
    messages.add_message(request, messages.SUCCESS if verified else messages.ERROR, explanation)
    return Place.of(request.POST).back()


@require_POST
def add_fault(request: HttpRequest) -> HttpResponse:
    world, place, form = the_world(), Place.of(request.POST), FaultForm(request.POST)
    if not form.is_valid():
        return show(request, place, fault_form=form)
    with world.lock:
        world.state.faults.append(form.fault(now=world.clock.now()))
        world.log_changed()
    return place.back("#trouble")


@require_POST
def clear_faults(request: HttpRequest) -> HttpResponse:
    world = the_world()
    with world.lock:
        world.state.faults.clear()
        world.log_changed()
    return Place.of(request.POST).back("#trouble")


@require_POST
def set_switches(request: HttpRequest) -> HttpResponse:
    world, place, form = the_world(), Place.of(request.POST), SwitchesForm(request.POST)
    if not form.is_valid():
        return show(request, place, switches_form=form)
    with world.lock:
        world.state.switches = form.switches(world.state.switches)
        world.wake.notify_all()
    messages.success(request, _("The switches are set."))
    return place.back("#trouble")


@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    """A Feishu that has never heard of the app. hireops keeps all that it has."""
    the_world().reset()
    the_gateway().restore()
    messages.success(request, _("This Feishu has forgotten everything. hireops still has what it had."))
    return Place.of(request.POST).back()
