"""Delivers events as Feishu does (contract 6.5, 6.6, 7): within 3 seconds, again when that fails.

They are posted, sealed, to the webhook, or go over a long connection.
"""

import atexit
import heapq
import json
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests
from django.utils.translation import gettext as _

from hireops.feishu.callbacks import encrypt, sign
from hireops.simulator.environment import Environment
from hireops.simulator.gateway import the_gateway
from hireops.simulator.state import DeliveryAttempt, EventState, PushedEvent, schedule
from hireops.simulator.tenancy import push_ticket_hourly
from hireops.simulator.world import World

CONNECT_TIMEOUT_S = 2.0
EVENT_TIMEOUT_S = 3.0
CHALLENGE_TIMEOUT_S = 1.0
PARALLEL = 32
TOO_LATE = "TooLate"
SAVE_EVERY_S = IDLE_S = 0.5
CHALLENGE_ANSWER_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class ReceiverReply:
    """What the receiver answered; no ``http_status``, and why in ``note``, when nothing came in time."""

    http_status: int | None
    duration_ms: int
    note: str = ""
    body: bytes = b""


class Deliverer:
    """One thread that watches the clock, and a few that wait for receivers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="deliver")
        self._save_at = 0.0

    def start(self) -> None:
        atexit.register(self._save)
        threading.Thread(target=self._run, name="delivery", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._world.wake:
                push_ticket_hourly(self._world)
                due = self._due()
                if not due:
                    self._world.wake.wait(self._seconds_until_next())
                self._save_sometimes()
            for event in due:
                self._pool.submit(self._deliver, event)

    def _due(self) -> list[PushedEvent]:
        """The events to deliver now, taken off the schedule."""
        state, now = self._world.state, self._world.clock.now()
        due: list[PushedEvent] = []
        while not state.switches.delivery_paused and state.schedule and state.schedule[0][0] <= now:
            at, event_id = heapq.heappop(state.schedule)
            event = state.events.get(event_id)
            if event and event.next_at == at:
                event.next_at = None
                due.append(event)
        self._world.under_way += len(due)
        if state.switches.shuffle_seconds:
            random.shuffle(due)
        return due

    def _seconds_until_next(self) -> float:
        times = self._world.state.schedule
        if not times or self._world.state.switches.delivery_paused:
            return IDLE_S
        return min(IDLE_S, max(0.0, times[0][0] - self._world.clock.now()))

    def _deliver(self, event: PushedEvent) -> None:
        reply = _send(self._world.environment, event.body)
        with self._world.wake:
            self._world.under_way -= 1
            self._write_down(event, reply)
            self._world.unsaved = True
            self._world.log_changed()
            self._world.wake.notify_all()

    def _write_down(self, event: PushedEvent, reply: ReceiverReply) -> None:
        now = self._world.clock.now()
        succeeded = reply.http_status == requests.codes.ok
        number = len(event.attempts) + 1
        event.attempts.append(
            DeliveryAttempt(number, now, reply.http_status, reply.duration_ms, succeeded, reply.note)
        )
        if succeeded:
            event.copies -= 1
            event.state = EventState.DELIVERED
            if event.copies > 0:
                schedule(self._world.state, event, now)
            return
        waits = self._world.environment.retry_seconds
        event.failures += 1
        if event.failures > len(waits):
            event.state = EventState.LOST
        else:
            schedule(self._world.state, event, now + waits[event.failures - 1])

    def _save_sometimes(self) -> None:
        if self._world.unsaved and time.monotonic() >= self._save_at:
            self._save()
            self._save_at = time.monotonic() + SAVE_EVERY_S

    def _save(self) -> None:
        with self._world.lock:
            if self._world.unsaved:
                self._world.save()


def _send(environment: Environment, body: str) -> ReceiverReply:
    if environment.events == "webhook":
        return post(environment, body, timeout_s=EVENT_TIMEOUT_S, signed=True)
    started = time.monotonic()
    code, note = the_gateway().push(body, timeout_s=EVENT_TIMEOUT_S)
    return ReceiverReply(code, _ms_since(started), note)


def post(environment: Environment, body: str, *, timeout_s: float, signed: bool) -> ReceiverReply:
    """One HTTP request to the webhook, sealed anew; the answer counts only if it came in ``timeout_s``."""
    content, headers = seal(environment, body, signed=signed)
    started = time.monotonic()
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy between Feishu and this machine
            with session.post(
                environment.webhook_url,
                data=content,
                headers=headers,
                timeout=(min(CONNECT_TIMEOUT_S, timeout_s), timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = b"" if signed else next(response.iter_content(CHALLENGE_ANSWER_MAX), b"")
                return _in_time(
                    ReceiverReply(response.status_code, _ms_since(started), body=answer), timeout_s
                )
    except (requests.RequestException, OSError) as failure:
        return ReceiverReply(None, _ms_since(started), type(failure).__name__)


def seal(environment: Environment, body: str, *, signed: bool) -> tuple[bytes, dict[str, str]]:
    """Body and headers of one delivery: encrypted and signed when the app has an Encrypt Key, else plain."""
    headers = {"Content-Type": "application/json;charset=utf-8", "User-Agent": "feishu-simulator"}
    if not environment.encrypt_key:
        return body.encode(), headers
    content = json.dumps({"encrypt": encrypt(body.encode(), environment.encrypt_key)}).encode()
    if signed:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        headers["X-Lark-Request-Timestamp"] = timestamp
        headers["X-Lark-Request-Nonce"] = nonce
        headers["X-Lark-Signature"] = sign(timestamp, nonce, environment.encrypt_key, content)
    return content, headers


def verify_url(environment: Environment) -> tuple[bool, str]:
    """Whether the webhook passes Feishu's URL verification (contract 6.2), and a sentence for the page."""
    challenge = secrets.token_hex(8)
    request = {"challenge": challenge, "token": environment.verification_token, "type": "url_verification"}
    reply = post(environment, json.dumps(request), timeout_s=CHALLENGE_TIMEOUT_S, signed=False)
    if reply.http_status is None:
        return False, _("No answer from %(url)s within 1 second (%(note)s). Is hireops running?") % {
            "url": environment.webhook_url,
            "note": reply.note,
        }
    if reply.http_status == requests.codes.ok and _challenge_in(reply.body) == challenge:
        return True, _("The URL is verified: answered in %(ms)s ms.") % {"ms": reply.duration_ms}
    return False, _("The URL is not verified: HTTP %(status)s, %(body)s") % {
        "status": reply.http_status,
        "body": reply.body[:200].decode(errors="replace") or "–",
    }


def _challenge_in(body: bytes) -> object:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer.get("challenge") if isinstance(answer, dict) else None


def _in_time(reply: ReceiverReply, timeout_s: float) -> ReceiverReply:
    if reply.duration_ms <= timeout_s * 1000:
        return reply
    return ReceiverReply(None, reply.duration_ms, TOO_LATE)


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
