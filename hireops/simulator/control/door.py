"""The door of the control API.

What changes something must be ``application/json``: no foreign web page can send that here.
"""

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from hireops.simulator.api.shapes import field_violations
from hireops.simulator.control.customer import CUSTOMER_CONTROLS
from hireops.simulator.control.machine import MACHINE_CONTROLS
from hireops.simulator.control.shown import PARTS
from hireops.simulator.events import QueueFullError
from hireops.simulator.wire import to_json
from hireops.simulator.world import the_world

CONTROLS = MACHINE_CONTROLS | CUSTOMER_CONTROLS


def show_state(request: HttpRequest) -> HttpResponse:
    """``GET /_control/state``: everything, or the parts that ``?parts=calls,withdrawals`` names."""
    world = the_world()
    named = request.GET.get("parts", "")
    parts = named.split(",") if named else list(PARTS)
    if unknown := set(parts) - set(PARTS):
        return _error(400, f"There is no part {', '.join(sorted(unknown))}.")
    with world.lock:
        shown = to_json({part: PARTS[part](world, world.state) for part in parts})
    return HttpResponse(shown, content_type="application/json")


@csrf_exempt
def control(request: HttpRequest, name: str) -> HttpResponse:
    """``POST /_control/<name>``, a row of ``CONTROLS``: 200 with what it returns, 400 with ``error``."""
    if request.method != "POST" or name not in CONTROLS:
        return _error(404, f"POST one of: {', '.join(CONTROLS)}; or GET state.")
    if request.content_type != "application/json":
        return _error(415, "Send application/json.")
    shape, act = CONTROLS[name]
    try:
        body = json.loads(request.body or b"{}")
        if violations := field_violations(shape, body):
            return _error(400, "; ".join(violation["description"] for violation in violations))
        return JsonResponse(act(the_world(), body))
    except (ValueError, QueueFullError) as mistake:
        return _error(400, str(mistake))


def _error(status: int, error: str) -> HttpResponse:
    return JsonResponse({"error": error}, status=status)
