"""Where to connect (contract 7.2): ``POST /callback/ws/endpoint``. No tokens, and an envelope of its own."""

import hmac
import json

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hireops.simulator.gateway import the_gateway
from hireops.simulator.world import World, the_world

API = "POST /callback/ws/endpoint"
# Unverified in the contract: the codes of these two. Any unknown one makes the official client give up.
WRONG_CREDENTIALS, NOT_FOR_STORE_APPS = 1000040351, 1000040352


@csrf_exempt
@require_POST
def hand_out_address(request: HttpRequest) -> JsonResponse:
    world, gateway = the_world(), the_gateway()
    with world.lock:
        world.state.call_counts[API] += 1
    code, msg = _refused(world, request)
    if code := gateway.refusal or code:
        return JsonResponse({"code": code, "msg": msg or "refused"})
    data = {"URL": gateway.address(), "ClientConfig": gateway.client_config()}
    return JsonResponse({"code": 0, "msg": "", "data": data})


def _refused(world: World, request: HttpRequest) -> tuple[int, str]:
    """Code and message; 0 for our own custom app."""
    try:
        body = json.loads(request.body)
        app_id, app_secret = str(body["AppID"]), str(body["AppSecret"])
    except (ValueError, TypeError, KeyError):
        return WRONG_CREDENTIALS, "AppID or AppSecret is missing"
    environment = world.environment
    right = hmac.compare_digest(app_secret.encode(), environment.app_secret.encode())
    if not right or app_id != environment.app_id:
        return WRONG_CREDENTIALS, "AppID or AppSecret is wrong"
    if environment.app_type != "custom":
        return NOT_FOR_STORE_APPS, "store apps have no long connection"
    return 0, ""
