"""Puts cases to the application as a web server would, and compares what it answers and stores."""

import hashlib
import json
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.signals import got_request_exception
from django.db import connection, transaction

from hireops.encryption import decrypt_bytes
from tests.emptying import without_triggers
from tests.fuzz.cases import Case, Delivery
from tests.fuzz.expectations import Expected, Identity, Keeps, expected
from tests.fuzz.keys import CURRENT_KEYS, TOKEN

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

SECRETS = tuple(secret.encode() for secret in (TOKEN, *CURRENT_KEYS))
ENVIRON = {
    "SCRIPT_NAME": "",
    "PATH_INFO": "/webhook/event",
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes
    error: str = ""


@dataclass(slots=True)
class Accepted:
    """A delivery that was answered with 200, of which something has to be stored."""

    seed: int
    identity: Identity | None
    content: bytes  # its digest


@dataclass
class Tally:
    """What was done and what was found; those of several processes add up."""

    repeat_by: str = "--case"
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    deliveries: int = 0
    signed: int = 0
    events: int = 0
    unreadable: int = 0
    conflicts: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        return self.kinds.total()

    def fault(self, what: str, seed: int, detail: str = "") -> None:
        """One kind of fault is told once, with a few seeds."""
        self.faults[what] += 1
        examples = self.examples.setdefault(what, [])
        if len(examples) < 3:
            examples.append(f"{self.repeat_by} {seed}" + (f"\n{detail}" if detail and not examples else ""))

    def add(self, other: "Tally") -> None:
        for name in ("kinds", "statuses", "faults"):
            getattr(self, name).update(getattr(other, name))
        for name in ("deliveries", "signed", "events", "unreadable", "conflicts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for what, examples in other.examples.items():
            self.examples[what] = [*self.examples.get(what, []), *examples][:3]


CHALLENGE = b'{"challenge"'


class Judge:
    """Delivers case after case; ``settle`` then compares what is stored and empties the tables."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.tally = Tally()
        self._accepted: dict[bytes, Accepted] = {}
        self._refused: dict[bytes, int] = {}
        self._error: list[str] = []
        got_request_exception.connect(self._remember_error)

    def _remember_error(self, **_details: object) -> None:
        self._error.append(traceback.format_exc(limit=-6))

    # --- Answers

    def try_case(self, case: Case) -> list[tuple[Delivery, Expected, Answer]]:
        self.tally.kinds[case.kind] += 1
        return [self._try_delivery(case.seed, delivery) for delivery in case.deliveries]

    def _try_delivery(self, seed: int, delivery: Delivery) -> tuple[Delivery, Expected, Answer]:
        wanted = expected(delivery)
        answer = self._deliver(delivery)
        self.tally.deliveries += 1
        self.tally.signed += wanted.keeps is not Keeps.NOT
        self.tally.statuses[answer.status] += 1
        self._compare(seed, wanted, answer)
        digest = _digest(delivery.body)
        if answer.status == HTTPStatus.OK and wanted.challenge is None and wanted.keeps is not Keeps.NOT:
            content = _digest(wanted.content) if wanted.content else b""
            self._accepted[digest] = Accepted(seed, wanted.identity, content)
        else:
            self._refused[digest] = seed
        return delivery, wanted, answer

    def _compare(self, seed: int, wanted: Expected, answer: Answer) -> None:
        if answer.error:
            kind = answer.error.strip().splitlines()[-1].partition(":")[0]
            place = [line.strip() for line in answer.error.splitlines() if line.startswith("  File")][-1]
            self.tally.fault(f"{answer.status}, {kind} in {place}", seed, answer.error)
        elif answer.status not in wanted.statuses:
            self.tally.fault(f"answered {answer.status}, expected {sorted(wanted.statuses)}", seed)
        if answer.status == HTTPStatus.OK and wanted.challenge is not None:
            if json.loads(answer.content) != {"challenge": wanted.challenge}:
                self.tally.fault("another challenge comes back", seed)
        # Who could seal a challenge knew what he put into it.
        elif not answer.content.startswith(CHALLENGE) and any(each in answer.content for each in SECRETS):
            self.tally.fault("the answer tells a secret", seed)

    def _deliver(self, delivery: Delivery) -> Answer:
        environ = {
            **ENVIRON,
            "REQUEST_METHOD": delivery.method,
            "wsgi.input": delivery.stream(),
            **delivery.headers,
        }
        if delivery.content_length is not None:
            environ["CONTENT_LENGTH"] = delivery.content_length
        told: list[str] = []

        def start_response(status: str, _headers: object, _error: object = None) -> None:
            told.append(status)

        self._error.clear()
        try:
            response = self.application(environ, start_response)
            content = b"".join(response)
            if close := getattr(response, "close", None):
                close()
        except Exception:  # noqa: BLE001 - whatever comes out of an application is a fault
            return Answer(500, b"", traceback.format_exc(limit=-6))
        return Answer(int(told[0][:3]), content, self._error[0] if self._error else "")

    # --- Rows

    def settle(self) -> None:
        """Compares all rows with all deliveries since the last time."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT event.id, event.event_id, event_type, tenant_key, state, raw, payload "
                "FROM inbox_event AS event JOIN inbox_eventcontent AS content ON content.event_id = event.id"
            )
            events = cursor.fetchall()
            cursor.execute("SELECT event_id, raw, payload FROM inbox_conflict")
            conflicts = cursor.fetchall()
        unreadable = sum(row[4] == "unreadable" for row in events)
        self.tally.unreadable += unreadable
        self.tally.events += len(events) - unreadable
        self.tally.conflicts += len(conflicts)
        self._compare_rows(events, conflicts)
        self._accepted.clear()
        self._refused.clear()
        _empty_tables()

    def _compare_rows(self, events: list[Any], conflicts: list[Any]) -> None:
        stored: set[bytes] = set()
        contents: dict[int, list[bytes]] = {}
        numbers: dict[str, int] = {}
        for number, event_id, event_type, tenant_key, state, raw, payload in events:
            numbers[event_id] = number
            if delivery := self._origin(raw, payload, stored):
                contents[number] = [delivery.content]
                self._compare_columns((event_id, event_type, tenant_key), state, delivery)
        for number, raw, payload in conflicts:
            if delivery := self._origin(raw, payload, stored):
                if delivery.content in contents.setdefault(number, []):
                    self.tally.fault("the same content is stored twice", delivery.seed)
                contents[number].append(delivery.content)
        for digest, delivery in self._accepted.items():
            event_id = delivery.identity.event_id if delivery.identity else ""
            known = contents.get(numbers.get(event_id, 0), [])
            if digest not in stored and delivery.content not in known:
                self.tally.fault("answered 200 and not stored", delivery.seed)

    def _compare_columns(self, told: tuple[str, str, str], state: str, delivery: Accepted) -> None:
        identity = delivery.identity
        if state == "pending" and identity:
            if told != (identity.event_id, identity.event_type, identity.tenant_key):
                self.tally.fault("the row tells another id, type or tenant", delivery.seed)
        elif state != "unreadable" or (identity and identity.is_certain):
            self.tally.fault(f"stored as {state}", delivery.seed)

    def _origin(self, raw: Any, payload: Any, stored: set[bytes]) -> Accepted | None:
        """The delivery that this row keeps."""
        digest = _digest(decrypt_bytes(raw) or b"")
        stored.add(digest)
        delivery = self._accepted.get(digest)
        if delivery is None:
            self.tally.fault("stored, though it may not be", self._refused.get(digest, 0))
        elif payload is not None and _tells_token(payload):
            self.tally.fault("the Verification Token is stored", delivery.seed)
        return delivery


def _digest(some: bytes) -> bytes:
    return hashlib.blake2b(some, digest_size=16).digest()


def _tells_token(payload: Any) -> bool:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    if "\\u" in text:
        text = json.dumps(json.loads(text, parse_int=str), ensure_ascii=False)
    return f'"{TOKEN}"' in text


def _empty_tables() -> None:
    tables = ["inbox_conflict", "inbox_eventcontent", "inbox_event"]
    with transaction.atomic(), without_triggers(tables), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
