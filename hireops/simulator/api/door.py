"""The door of the API. Every call is logged and meets path, fault, token, quota, shape, handler in turn."""

import time
from functools import partial

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from hireops.simulator.api.answers import (
    ApiAnswer,
    Json,
    Refusal,
    new_log_id,
    token_not_valid,
    too_many_calls,
    user_token_not_valid,
)
from hireops.simulator.api.bodies import masked, read_json
from hireops.simulator.api.endpoints import ApiRoute, find_endpoint
from hireops.simulator.api.sending import send
from hireops.simulator.api.shapes import field_violations
from hireops.simulator.api.trouble import make_trouble
from hireops.simulator.faults import Fault, take_fault
from hireops.simulator.state import ReceivedCall, TenantState
from hireops.simulator.tokens import Token, TokenKind
from hireops.simulator.world import World, the_world


@csrf_exempt
def door(request: HttpRequest) -> HttpResponseBase:
    """The answer to one API call, or a cut connection."""
    world, started = the_world(), time.monotonic()
    call = _log_arrival(world, request)
    answer, fault = _answer(world, call, request)
    _log_answer(world, call, answer, started)
    return send(request, answer, fault, call.log_id)


def _answer(world: World, call: ReceivedCall, request: HttpRequest) -> tuple[ApiAnswer | None, Fault | None]:
    """No answer when a fault cuts the connection; the fault may still spoil an answer on its way."""
    fault = None
    try:
        endpoint, parameters = find_endpoint(call.method, call.path)
        fault = _arrive(world, call, endpoint, request)
        work = partial(_work_or_refuse, world, endpoint, request, parameters, call)
        return make_trouble(fault, work, rate_limit_status=world.state.switches.rate_limit_status), fault
    except Refusal as refusal:
        return refusal.answer(call.log_id), fault


def _arrive(world: World, call: ReceivedCall, endpoint: ApiRoute, request: HttpRequest) -> Fault | None:
    """Counts the call, whatever becomes of it; the fault that it meets."""
    with world.lock:
        now = world.clock.now()
        token = world.tokens.find(_bearer(request), now=now) if endpoint.needs_token else None
        tenant_key = token.tenant_key if token else ""
        world.state.call_counts[endpoint.api] += 1
        world.traffic.meter(endpoint.api, tenant_key).count(now)
        fault = take_fault(
            world.state.faults,
            path=endpoint.path,
            tenant_key=tenant_key,
            needs_token=endpoint.needs_token,
            now=now,
        )
        call.tenant_key, call.fault = tenant_key, fault.kind if fault else ""
    return fault


def _work_or_refuse(
    world: World, endpoint: ApiRoute, request: HttpRequest, parameters: dict[str, str], call: ReceivedCall
) -> ApiAnswer:
    try:
        return _work(world, endpoint, request, parameters, call)
    except Refusal as refusal:
        return refusal.answer(call.log_id)


def _work(
    world: World, endpoint: ApiRoute, request: HttpRequest, parameters: dict[str, str], call: ReceivedCall
) -> ApiAnswer:
    body, query = read_json(request, needs_type=endpoint.needs_token), request.GET.dict()
    call.request_body = body.shown
    with world.lock:
        tenant_key, employee = _caller(world, endpoint, request) if endpoint.needs_token else ("", {})
        _check_quota(world, endpoint, tenant_key)
        if body.wrong:
            raise _invalid(endpoint, [{"field": "body", "value": "", "description": f"body {body.wrong}"}])
        if violations := [
            *field_violations(endpoint.query, query),
            *field_violations(endpoint.body, body.value),
        ]:
            raise _invalid(endpoint, violations)
        result = endpoint.handler(world, {**query, **body.value, **parameters, **employee}, tenant_key)
    return ApiAnswer(200, {"code": 0, "msg": endpoint.msg, **(result if endpoint.flat else {"data": result})})


def _caller(world: World, endpoint: ApiRoute, request: HttpRequest) -> tuple[str, Json]:
    """The tenant whose token this is, and the employee; refuses a call without a valid one (contract 8.4)."""
    token = _token(world, endpoint, request)
    employee: Json = {"employee_id": token.employee_id, "scope": token.scope} if token.employee_id else {}
    match world.state.tenants.get(token.tenant_key):
        case TenantState.ACTIVE:
            return token.tenant_key, employee
        case TenantState.STOPPED:
            raise Refusal(400, 99991662, "app is disabled in this tenant")
    raise Refusal(400, 99991673, "app is not available in this tenant")


def _token(world: World, endpoint: ApiRoute, request: HttpRequest) -> Token:
    value = _bearer(request)
    if not value:
        raise Refusal(
            400, 99991661, "Missing access token for authorization. Please make a request with token attached"
        )
    if not value.startswith(("t-", "u-")):
        raise Refusal(400, 99991671, "Invalid access token: must start with t- or u-")
    token = world.tokens.find(value, now=world.clock.now())
    if token is None or token.kind is not endpoint.token_kind:
        raise user_token_not_valid() if endpoint.token_kind is TokenKind.USER else token_not_valid()
    return token


def _bearer(request: HttpRequest) -> str:
    """The token of the request, empty when there is none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value if scheme == "Bearer" else ""


def _check_quota(world: World, endpoint: ApiRoute, tenant_key: str) -> None:
    switches = world.state.switches
    quota = world.state.lowered_quotas.get(endpoint.path, endpoint.quota)
    if quota is None or not switches.quota_enforced:
        return
    exceeded = world.quotas.count(endpoint.api, tenant_key, quota, now=world.clock.now())
    if exceeded:
        world.traffic.meter(endpoint.api, tenant_key).refused += 1
        raise too_many_calls(
            switches.rate_limit_status, limit=exceeded.limit, reset_seconds=exceeded.reset_seconds
        )


def _invalid(endpoint: ApiRoute, violations: list[dict[str, str]]) -> Refusal:
    return Refusal(400, endpoint.invalid_code, "field validation failed", {"field_violations": violations})


def _log_arrival(world: World, request: HttpRequest) -> ReceivedCall:
    with world.lock:
        call = ReceivedCall(world.clock.now(), request.method or "", request.path, new_log_id())
        world.state.calls.append(call)
        world.log_changed()
    return call


def _log_answer(world: World, call: ReceivedCall, answer: ApiAnswer | None, started: float) -> None:
    with world.lock:
        call.duration_ms = round((time.monotonic() - started) * 1000)
        if answer:
            call.http_status, call.code = answer.http_status, answer.code
            call.answer_body = masked(answer.body)
        world.log_changed()
