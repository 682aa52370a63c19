"""The long connection (contract 7): events over a WebSocket that we open, by the official client.

Import this in a process of its own only: the client takes 1.7 s and 170 MB, and keeps one event loop for all.
What it is known to do wrong (contract 7.4) is fenced off: its log lines are silenced, because they quote
addresses with secrets and whole events; whatever happens to a connection ends in ``Watch.start_afresh``.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import websockets.asyncio.client
from django.conf import settings
from lark_oapi.ws import Client
from lark_oapi.ws.const import AUTH_FAILED, GEN_ENDPOINT_URI, INTERNAL_ERROR, SYSTEM_BUSY
from lark_oapi.ws.exception import ClientException
from lark_oapi.ws.model import ClientConfig

from hireops.doorbell import ring
from hireops.environment import is_this_machine
from hireops.error_location import error_location
from hireops.feishu import callbacks, protocol
from hireops.feishu.errors import FeishuError
from hireops.inbox import intake, journal, tasks
from hireops.inbox.watch import Watch

logger = logging.getLogger(__name__)

CONNECT_WITHIN_S = 30.0
PINGS_MISSED = 2.5
ANSWER_WITHIN_S = 2.8  # Feishu waits three (contract 7.1)
REFUSED_WAIT_S = 60.0
BUSY = {SYSTEM_BUSY, INTERNAL_ERROR}
HTTP_OK = 200
# The address of a connection has its secret in it, which is for the server that Feishu has named.
websockets.asyncio.client.MAX_REDIRECTS = 1  # counts attempts: the first is the only one
# The client's own, and those of the libraries under it, which quote addresses, frames and errors.
TALKATIVE = ("Lark", "asyncio", "websockets", "urllib3", "requests")


def listen(watch: Watch) -> None:
    """Connects and stores events until the connection ends; then ``watch`` starts afresh."""
    _silence_what_quotes()
    client = _Client(watch)
    watch.expect(min(CONNECT_WITHIN_S, settings.LISTEN_SILENCE_SECONDS))
    try:
        client.start()
    except ClientException as refused:
        watch.start_afresh(_in_words(refused.code), at_least_s=REFUSED_WAIT_S)
    except Exception as error:  # noqa: BLE001 - whatever it is, a fresh start is the answer
        watch.start_afresh(f"the long connection has ended ({error_location(error)})")
    watch.start_afresh("the long connection has ended")


class _Intake:
    """What the client hands events to. A return is acknowledged with 200, an error with 500."""

    def __init__(self) -> None:
        # One thread that owns the database connection: Django refuses queries in the client's event loop.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")

    def _do_without_validation(self, payload: bytes) -> None:
        """The client's own name for it; its dispatcher would refuse event types that we do not know."""
        try:
            is_new = self._thread.submit(_store, payload).result(ANSWER_WITHIN_S)
        except callbacks.NotAuthenticError as refused:
            logger.warning("an event was refused: %s", refused.reason)
            raise
        except (*intake.NOT_STORED, TimeoutError) as error:
            logger.warning("an event was not kept: no answer from the database (%s)", type(error).__name__)
            raise
        except Exception as error:
            logger.error("an event was not kept (%s)", error_location(error))  # noqa: TRY400 - a trace quotes values
            raise
        if is_new:
            ring(tasks.drain)


class _TooLarge(Exception):  # noqa: N818 - reads as what it says
    """More bytes than the webhook would take."""


def _store(payload: bytes) -> bool:
    if len(payload) > intake.MAX_BYTES:
        raise _TooLarge
    is_new = intake.store_delivery(callbacks.open_pushed(payload, intake.keys()), payload)
    journal.keep(payload, None)
    return is_new


class InsecureAddressError(Exception):
    """What we were told to connect to is not encrypted."""

    def __str__(self) -> str:
        return "the address that was named for it is not wss://"


def where_to_connect() -> tuple[str, dict[str, Any]]:
    """The address, and how often to ping (contract 7.2); asked for as all calls, which follow no redirect.

    Only the simulator, on this machine, may be spoken to in clear.
    """
    asked = {"AppID": settings.FEISHU_APP_ID, "AppSecret": settings.FEISHU_APP_SECRET}
    try:
        reply = protocol.ask("POST", GEN_ENDPOINT_URI, body=asked, headers={"locale": "zh"})
    except FeishuError as error:
        if error.http_status == HTTP_OK and error.code and error.code not in BUSY:
            raise ClientException(error.code, "") from None
        raise
    told = reply.content["data"]
    address = str(told["URL"])
    on_this_machine = is_this_machine(address) and is_this_machine(settings.FEISHU_BASE_URL)
    if urlsplit(address).scheme not in ({"wss", "ws"} if on_this_machine else {"wss"}):
        raise InsecureAddressError
    return address, told.get("ClientConfig") or {}


class _Client(Client):
    """The official client, whose every sign of life the watch hears of."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(
            settings.FEISHU_APP_ID,
            settings.FEISHU_APP_SECRET,
            event_handler=_Intake(),
            domain=settings.FEISHU_BASE_URL,
        )
        self._watch = watch
        self.on_reconnecting = self._lost

    def _get_conn_url(self) -> str:
        """Instead of the client's own, which follows redirects with the App Secret."""
        address, config = where_to_connect()
        if config:
            self._configure(ClientConfig(config))
        return address

    async def _connect(self) -> None:
        """Ends in a connection or in a fresh start, but for a refusal, which ``listen`` puts in words."""
        try:
            await super()._connect()
        except ClientException:
            raise
        except (FeishuError, InsecureAddressError) as error:
            self._watch.start_afresh(f"the long connection cannot be made: {error}")
        except Exception as error:  # noqa: BLE001 - the network, TLS, an answer that nobody foresaw
            self._watch.start_afresh(f"the long connection cannot be made ({error_location(error)})")
        self._watch.connected()
        self._heard()
        logger.info("the long connection stands")

    async def _handle_message(self, msg: Any) -> None:
        with self._watch.work():
            self._heard()
            await super()._handle_message(msg)

    def _heard(self) -> None:
        """Feishu says how often it wants to be pinged, and answers each ping."""
        self._watch.expect(max(settings.LISTEN_SILENCE_SECONDS, PINGS_MISSED * self._ping_interval))

    def _lost(self) -> None:
        """Instead of the client's own way to connect again, which may wait for ever (contract 7.4)."""
        self._watch.start_afresh("the long connection is lost")


def _silence_what_quotes() -> None:
    for name in TALKATIVE:
        talkative = logging.getLogger(name)
        talkative.handlers = [logging.NullHandler()]
        talkative.propagate = False


def _in_words(code: int) -> str:
    if code == AUTH_FAILED:
        return "Feishu allows this app no further long connection (at most 50)"
    return f"Feishu refuses this app (code {code}): check FEISHU_APP_ID and FEISHU_APP_SECRET"
