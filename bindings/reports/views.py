"""``GET /reports/<token>``: whoever has the link gets the file, until it ends. No session, no sign-in.

Every fetch by a link that exists is kept before its first byte leaves. A token that nobody was given is a
plain 404 that leaves nothing behind: it has 256 random bits, so there is no guessing to count.
"""

import hmac
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt

from bindings.models import ReportFetch, ReportLink
from bindings.reports import services, storage
from hireops.error_location import error_location
from hireops.web.callers import address_of

logger = logging.getLogger(__name__)

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
PIECE_BYTES = 64 * 1024
LONGEST_AGENT = 255
# Of our own look whether a link works; the value proves that it is ours.
OWN_LOOK = "X-Hireops-Look"

HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
# Whoever gets one of these may be anybody, so none says what there is or was.
NOTHING_HERE = (
    "这里没有文件。请检查链接是否完整。\nThere is no file here. Check whether the link is complete.\n"
)
ENDED = "此链接已失效。如仍需要该文件，请向提供链接的人索取新链接。\n"
ENDED += "This link has ended. If you still need the file, ask whoever gave you the link for a new one.\n"
LATER = "文件暂时无法提供，请稍后再试。\nThe file can't be given at this moment. Try again later.\n"


@dataclass(frozen=True, slots=True)
class Part:
    """Which bytes were asked for; ``status`` is 200 for the whole, 206, or 416 for none that there are."""

    status: int
    begins: int
    length: int


@csrf_exempt
def report(request: HttpRequest, token: str) -> HttpResponseBase:
    """Never raises: an error page or a line in a log would quote the link."""
    try:
        response = _answer(request, token)
    except Exception as error:  # noqa: BLE001 - whatever it is
        logger.error("a report could not be given: %s", error_location(error))  # noqa: TRY400 - a trace quotes values
        response = _said(503, LATER)
        response["Retry-After"] = "30"
    for name, value in HEADERS.items():
        response.headers[name] = value
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 - Django's log quotes the address
    return response


def own_look(link: ReportLink) -> str:
    return salted_hmac("hireops.reports.own_look", link.token_digest, algorithm="sha256").hexdigest()


def _answer(request: HttpRequest, token: str) -> HttpResponseBase:
    if request.method not in {"GET", "HEAD"}:
        response = _said(405, NOTHING_HERE)
        response["Allow"] = "GET, HEAD"
        return response
    link = _link(token)
    if link is None:
        return _said(404, NOTHING_HERE)
    if not services.is_good(link):
        _kept(request, link, Part(410, 0, 0))
        return _said(410, ENDED)
    return _file(request, link)


def _link(token: str) -> ReportLink | None:
    if not TOKEN.fullmatch(token):
        return None
    links = ReportLink.objects.select_related("file").defer("token")
    return links.filter(token_digest=services.digest(token)).first()


def _file(request: HttpRequest, link: ReportLink) -> HttpResponseBase:
    report = link.file
    part = _asked_for(request, report.size, _tag(report.sha256))
    if part.status == 416:  # noqa: PLR2004 - as RFC 9110 names it
        _kept(request, link, part)
        response: HttpResponseBase = _said(416, NOTHING_HERE)
        response.headers["Content-Range"] = f"bytes */{report.size}"
        return response
    if request.method == "HEAD":
        _kept(request, link, part)
        response = HttpResponse(status=part.status)
    else:
        opened = storage.opened(report.file.name)  # before it is said that all is well
        response = StreamingHttpResponse(
            _Pieces(opened, part, _kept(request, link, part)), status=part.status
        )
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Length"] = str(part.length)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = _tag(report.sha256)
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=report.name) or "attachment"
    )
    if part.status == 206:  # noqa: PLR2004
        last = part.begins + part.length - 1
        response.headers["Content-Range"] = f"bytes {part.begins}-{last}/{report.size}"
    return response


def _tag(sha256: str) -> str:
    return f'"{sha256[:32]}"'


def _asked_for(request: HttpRequest, size: int, tag: str) -> Part:
    """One range of bytes is understood; several, or one that is not, mean the whole (RFC 9110, 14.2)."""
    whole = Part(200, 0, size)
    found = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if not found or not any(found.groups()) or request.headers.get("If-Range", tag) != tag:
        return whole
    first, last = found.groups()
    if not first:
        begins, ends = max(0, size - int(last)), size - 1
    else:
        begins, ends = int(first), min(int(last or size), size - 1)
        if last and int(last) < begins:
            return whole
    if begins >= size or ends < begins:
        return Part(416, 0, 0)
    return Part(206, begins, ends - begins + 1)


def _said(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _kept(request: HttpRequest, link: ReportLink, part: Part) -> ReportFetch:
    is_ours = hmac.compare_digest(request.headers.get(OWN_LOOK, "").encode(), own_look(link).encode())
    return ReportFetch.objects.create(
        link=link,
        address=address_of(request.META, settings.TRUSTED_PROXIES),
        agent=request.headers.get("User-Agent", "").replace("\0", "")[:LONGEST_AGENT],
        method=request.method or "",
        status=part.status,
        begins=part.begins,
        bytes=part.length,
        by_hireops=is_ours,
    )


class _Pieces:
    """The bytes of a part, one piece after another; how many were handed over is written when it ends."""

    def __init__(self, opened: Any, part: Part, fetch: ReportFetch) -> None:
        self._opened, self._part, self._fetch, self._sent = opened, part, fetch, 0

    def __iter__(self) -> Iterator[bytes]:
        self._opened.seek(self._part.begins)
        while self._sent < self._part.length:
            piece = self._opened.read(min(PIECE_BYTES, self._part.length - self._sent))
            if not piece:
                return
            yield piece
            self._sent += len(piece)

    def close(self) -> None:
        self._opened.close()
        try:
            ReportFetch.objects.filter(pk=self._fetch.pk, sent=None).update(sent=self._sent)
        except DatabaseError as error:
            logger.warning("how a fetch of a report ended is not kept: %s", error_location(error))
