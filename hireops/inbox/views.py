"""The webhook: ``POST /webhook/event`` (contract 6). It answers 200 only for what is committed."""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hireops.doorbell import ring
from hireops.feishu import callbacks
from hireops.inbox import intake, journal, tasks
from hireops.web.deliveries import Answer, Delivery
from hireops.web.pools import WEBHOOK_PATH

logger = logging.getLogger(__name__)

PATH = WEBHOOK_PATH.removeprefix("/")
PIECE_BYTES = 64 * 1024
LENGTH = re.compile(r"[0-9]{1,9}")
SIGNATURE_HEADERS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in callbacks.SIGNATURE_HEADERS}
Said = callbacks.CallbackEvent | callbacks.Unreadable
STORED = Answer(200, b'{"msg":"success"}')


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """For one delivery, however the web server brings it; our own answers many together."""
    try:
        body = _read_body(request)
    except Exception as error:  # noqa: BLE001 - broken off, broken chunks: each web server has its own errors
        answer = _refusal(request.META, 408, f"the body did not come ({type(error).__name__})")
    else:
        if body is None:
            answer = _refusal(request.META, 413, f"the body is larger than {intake.MAX_BYTES} bytes")
        else:
            (answer,) = _answer([Delivery(request.META, body, monotonic())])
    return HttpResponse(answer.content, status=answer.status, content_type="application/json")


def answer_deliveries(deliveries: Sequence[Delivery]) -> list[Answer]:
    """An answer to each. What goes wrong for one of them spoils it for no other."""
    try:
        return _answer(deliveries)
    except Exception:
        if len(deliveries) > 1:
            return [answer for delivery in deliveries for answer in answer_deliveries([delivery])]
        logger.exception("webhook answered 500")
        return [Answer(500, b'{"code":500,"msg":"an error of hireops"}')]


def _answer(deliveries: Sequence[Delivery]) -> list[Answer]:
    keys = intake.keys()
    opened = [_open(delivery, keys) for delivery in deliveries]
    authentic = [
        (said, delivery)
        for said, delivery in zip(opened, deliveries, strict=True)
        if not isinstance(said, Answer)
    ]
    answer = _store(authentic)
    return [said if isinstance(said, Answer) else answer for said in opened]


def _store(authentic: Sequence[tuple[Said, Delivery]]) -> Answer:
    """The answer to all of them."""
    first_came_at = min((delivery.came_at for _said, delivery in authentic), default=0.0)
    try:
        if intake.store_deliveries([(said, delivery.body) for said, delivery in authentic], first_came_at):
            ring(tasks.drain)
    except intake.NOT_STORED as error:
        reason = f"the database does not answer ({type(error).__name__})"
        return [_refusal(delivery.meta, 503, reason) for _said, delivery in authentic][-1]
    for _said, delivery in authentic:
        journal.keep(delivery.body, _signature(delivery.meta))
    return STORED


def _open(delivery: Delivery, keys: callbacks.CallbackKeys) -> Said | Answer:
    """What is to be stored, or the answer to what is not."""
    try:
        said = callbacks.open_callback(delivery.body, _signature(delivery.meta), keys)
    except callbacks.NotAuthenticError as refused:
        return _refusal(delivery.meta, refused.status, refused.reason)
    if isinstance(said, callbacks.Challenge):
        return Answer(200, json.dumps({"challenge": said.challenge}).encode())
    return said


def _signature(meta: Mapping[str, Any]) -> dict[str, str]:
    return {name: meta[key] for name, key in SIGNATURE_HEADERS.items() if key in meta}


def _read_body(request: HttpRequest) -> bytes | None:
    """The raw body, or None when it is too large; what is too large is not read to its end."""
    announced = request.META.get("CONTENT_LENGTH")
    if announced:
        length = int(announced) if LENGTH.fullmatch(announced) else intake.MAX_BYTES + 1
        return request.read(length) if length <= intake.MAX_BYTES else None
    if request.META.get("HTTP_TRANSFER_ENCODING", "").lower() != "chunked":
        return b""
    # Django reads nothing without a length; the server's own stream knows where the chunks end.
    stream, body = request.META["wsgi.input"], bytearray()
    while piece := stream.read(PIECE_BYTES):
        body += piece
        if len(body) > intake.MAX_BYTES:
            return None
    return bytes(body)


def _refusal(meta: Mapping[str, Any], status: int, reason: str) -> Answer:
    logger.warning("webhook answered %d to %s: %s", status, meta.get("REMOTE_ADDR", "?"), reason)
    return Answer(status, json.dumps({"code": status, "msg": reason}).encode())
