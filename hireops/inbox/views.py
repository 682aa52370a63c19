"""The webhook: ``POST /webhook/event`` (contract 6). It answers 200 only for what is committed."""

import logging
import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hireops.doorbell import ring
from hireops.feishu import callbacks
from hireops.inbox import intake, journal, tasks
from hireops.web.pools import WEBHOOK_PATH

logger = logging.getLogger(__name__)

PATH = WEBHOOK_PATH.removeprefix("/")
PIECE_BYTES = 64 * 1024
LENGTH = re.compile(r"[0-9]{1,9}")
SIGNATURE_HEADERS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in callbacks.SIGNATURE_HEADERS}


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    try:
        body = _read_body(request)
    except Exception as error:  # noqa: BLE001 - broken off, broken chunks: each web server has its own errors
        return _refusal(request, 408, f"the body did not come ({type(error).__name__})")
    if body is None:
        return _refusal(request, 413, f"the body is larger than {intake.MAX_BYTES} bytes")
    try:
        signature = _signature(request)
        delivery = callbacks.open_callback(body, signature, intake.keys())
    except callbacks.NotAuthenticError as refused:
        return _refusal(request, refused.status, refused.reason)

    if isinstance(delivery, callbacks.Challenge):
        return JsonResponse({"challenge": delivery.challenge})
    try:
        if intake.store_delivery(delivery, body):
            ring(tasks.drain)
    except intake.NOT_STORED as error:
        return _refusal(request, 503, f"the database does not answer ({type(error).__name__})")
    journal.keep(body, signature)
    return HttpResponse(b'{"msg":"success"}', content_type="application/json")


def _signature(request: HttpRequest) -> dict[str, str]:
    return {name: request.META[key] for name, key in SIGNATURE_HEADERS.items() if key in request.META}


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


def _refusal(request: HttpRequest, status: int, reason: str) -> JsonResponse:
    logger.warning("webhook answered %d to %s: %s", status, request.META.get("REMOTE_ADDR", "?"), reason)
    return JsonResponse({"code": status, "msg": reason}, status=status)
