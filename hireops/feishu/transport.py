"""One HTTP exchange with Feishu, bounded in time and size, that knows whether anything was sent.

The answer must be complete ``FEISHU_READ_TIMEOUT`` seconds after the request left, or sooner where somebody
waits at a page; ``requests`` alone only limits the silence between two bytes. Redirects are not followed and
cookies not kept.
"""

import http.client
import io
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter

from hireops import deadline
from hireops.environment import is_this_machine
from hireops.feishu import sentences
from hireops.feishu.errors import FeishuError, Outcome

ANSWER_MAX_BYTES = 10 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_thread = threading.local()  # .session; of the exchange under way: .sent, .patience_s, .ends_at


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. ``problem`` says why the body did not come whole; then ``body`` is empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    problem: str = ""


def exchange(
    method: str,
    path: str,
    *,
    token: str,
    query: Mapping[str, Any] | None,
    body: bytes | None,
    headers: Mapping[str, str] | None = None,
    within_s: float | None = None,
) -> HttpAnswer:
    """Feishu's answer; ``FeishuError`` with ``NOT_SENT`` or ``UNKNOWN`` if not even its headers came."""
    url = settings.FEISHU_BASE_URL + path
    session = _session()
    kind = {"Content-Type": "application/json; charset=utf-8"} if body is not None else {}
    session.trust_env = not is_this_machine(url)  # proxies are for what lies outside this machine
    _thread.sent = False
    _thread.patience_s = within_s or settings.FEISHU_READ_TIMEOUT
    try:
        response = session.request(
            method,
            url,
            params=query,
            data=body,
            headers={**kind, **(headers or {})},
            auth=_Bearer(token),
            timeout=(settings.FEISHU_CONNECT_TIMEOUT, _thread.patience_s),
            stream=True,
        )
    except _FAILURES as error:
        # Only the kind of error: its text may quote the request.
        if _thread.sent:
            raise FeishuError(Outcome.UNKNOWN, sentences.NO_ANSWER % {"kind": _kind(error)}) from None
        raise FeishuError(Outcome.NOT_SENT, sentences.NO_CONNECTION % {"kind": _kind(error)}) from None
    with response:
        return HttpAnswer(response.status_code, response.headers, *_read(response))


def _read(response: requests.Response) -> tuple[bytes, str]:
    """The body, and why it is not whole ("" if it is)."""
    body = bytearray()
    try:
        for chunk in response.iter_content(CHUNK_BYTES):
            body += chunk
            if len(body) > ANSWER_MAX_BYTES:
                return b"", f"more than {ANSWER_MAX_BYTES} bytes"
    except _FAILURES as error:
        return b"", f"cut off: {_kind(error)}"
    return bytes(body), ""


def _kind(error: BaseException) -> str:
    """The innermost reason that has a telling name, such as ``NameResolutionError``."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason if isinstance(reason, Exception) else error).__name__


# --- A session that keeps to the rules above --------------------------------------------------------------


class _Bearer(requests.auth.AuthBase):
    """The access token. Without an ``auth`` of its own, ``requests`` would ask ~/.netrc for one."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: a redirect is an answer like another, and is neither followed nor looked into."""


def _session() -> requests.Session:
    """This thread's own session: connections are kept, and no thread meets another's."""
    if not hasattr(_thread, "session"):
        session = _Session()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = "hireops"
        session.mount("http://", _Adapter())
        session.mount("https://", _Adapter())
        _thread.session = session
    existing: requests.Session = _thread.session
    return existing


class _UntilDeadline(io.RawIOBase):
    """What a socket receives until ``ends_at`` (``time.monotonic()``)."""

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._socket = sock
        self._file = sock.makefile("rb", buffering=0)
        self._ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimeoutError("the answer is not complete in time")
        self._socket.settimeout(left)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_UntilDeadline(sock, _thread.ends_at))


class _HttpConnection(urllib3.connection.HTTPConnection):
    """Notes when the first byte of a request leaves, after TLS and proxy handshakes, if it still may."""

    response_class = _Response

    def connect(self) -> None:
        try:
            super().connect()
        finally:
            _thread.sent = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not _thread.sent and deadline.has_passed():
            raise FeishuError(Outcome.NOT_SENT, sentences.TOO_LATE)
        _thread.sent = True
        _thread.ends_at = monotonic() + _thread.patience_s
        super().send(data)


class _HttpsConnection(_HttpConnection, urllib3.connection.HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


_POOLS = {"http": _HttpPool, "https": _HttpsPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
