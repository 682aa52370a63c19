"""What the simulated Feishu knows: plain objects, all guarded by the one lock of the world."""

import heapq
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from hireops.simulator.faults import Fault
from hireops.simulator.quotas import CallLimit
from hireops.simulator.records import BotMessage, CustomerOrder, Download, Exam, Published, TakenWithdrawal
from hireops.simulator.staff import Staff

SCOPES = (1, 2)  # 1 background check, 2 exam (contract 3)
LOG_LENGTH = 500
UNDELIVERED_MAX = 20_000
FETCHES = ("at_once", "when_opened")


@dataclass(slots=True)
class FormField:
    """One field of the form that customers fill in (contract 3.2)."""

    key: str
    name: dict[str, str]
    is_required: bool
    description: dict[str, str]


@dataclass(slots=True)
class BoundAccount:
    """A partner account that a customer added (contract 3.1); ``values`` is ``[{key, value}]``."""

    account_id: str
    tenant_key: str
    scope: int
    name: str
    usages: list[int]
    values: list[dict[str, str]]
    added_at: float

    @property
    def added_time(self) -> datetime:
        return datetime.fromtimestamp(self.added_at, UTC)


class TenantState(StrEnum):
    """Of a customer of a store app (contract 1.7)."""

    ACTIVE = "active"
    STOPPED = "stopped"
    GONE = "gone"


class EventState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    LOST = "lost"


@dataclass(slots=True)
class DeliveryAttempt:
    """One delivery that was tried; ``http_status`` is None when no answer came in time."""

    number: int
    at: float
    http_status: int | None
    duration_ms: int
    succeeded: bool
    note: str

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@dataclass(slots=True)
class PushedEvent:
    """One event and what became of it; ``body`` is its JSON text before encryption, the same at every try.

    ``next_at`` is None while a delivery is under way, and when none is to come.
    """

    event_id: str
    event_type: str
    tenant_key: str
    body: str
    created_at: float
    next_at: float | None = None
    copies: int = 1
    state: EventState = EventState.WAITING
    failures: int = 0
    attempts: list[DeliveryAttempt] = field(default_factory=list)

    @property
    def next_time(self) -> datetime | None:
        return None if self.next_at is None else datetime.fromtimestamp(self.next_at, UTC)


@dataclass(slots=True)
class ReceivedCall:
    """One API call that arrived; the answer's half is None until it has been answered, or if it was cut."""

    at: float
    method: str
    path: str
    log_id: str
    tenant_key: str = ""
    request_body: Any = None
    answer_body: Any = None
    http_status: int | None = None
    code: int | None = None
    duration_ms: int | None = None
    fault: str = ""

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@dataclass(slots=True)
class Switches:
    """How this Feishu behaves beyond single faults, and which reading of an open point holds.

    ``currency_as``: one of ``money.CURRENCY_FORMS`` (contract 2.8); ``approval_required``: results wait for
    the customer's approval (4.8); ``order_form_is_final``: order-form fields are created once (4.1).
    Of packages (4.4, 4.5): ``items_need_a_package``: items are not created with an empty ``package_list``;
    ``refused_creates_are_partial``: the others of a refused create are there; ``deleted_ids_are_free``: they
    can be created again; ``left_out_descriptions_stay``: an update does not clear them.
    ``account_form_keeps``: a list of account fields leaves older ones in place (3.4 against 3.2).
    ``rejected_takes_results``: an order whose result was rejected takes another one (4.8); ``fetch_reports``:
    one of ``FETCHES``, when report links are fetched (4.7). ``bot_off``: the app has no bot.
    ``scopes_withheld``: permissions that the customer has not granted; ``version_waits``: for its review.
    """

    quota_enforced: bool = True
    rate_limit_status: int = 429
    delivery_paused: bool = False
    duplicate_every: int = 0
    shuffle_seconds: float = 0.0
    currency_as: str = "iso"
    approval_required: bool = False
    order_form_is_final: bool = False
    items_need_a_package: bool = False
    refused_creates_are_partial: bool = False
    deleted_ids_are_free: bool = False
    left_out_descriptions_stay: bool = False
    account_form_keeps: bool = False
    rejected_takes_results: bool = False
    fetch_reports: str = "when_opened"
    bot_off: bool = False
    version_waits: bool = False
    scopes_withheld: list[str] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """Everything that the page shows and the control API answers with."""

    fields: dict[int, list[FormField]] = field(default_factory=lambda: {scope: [] for scope in SCOPES})
    burned_keys: dict[int, set[str]] = field(default_factory=lambda: {scope: set() for scope in SCOPES})
    accounts: dict[str, BoundAccount] = field(default_factory=dict)
    published: dict[str, Published] = field(default_factory=dict)  # by account_id
    staff: Staff = field(default_factory=Staff)
    withdrawals: dict[str, TakenWithdrawal] = field(default_factory=dict)  # by external_order_id
    orders: dict[str, CustomerOrder] = field(default_factory=dict)
    exams: dict[str, Exam] = field(default_factory=dict)
    downloads: dict[str, Download] = field(default_factory=dict)  # by address
    messages: list[BotMessage] = field(default_factory=list)
    tenants: dict[str, TenantState] = field(default_factory=dict)
    lowered_quotas: dict[str, CallLimit] = field(default_factory=dict)  # by path
    events: dict[str, PushedEvent] = field(default_factory=dict)
    calls: deque[ReceivedCall] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    call_counts: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    switches: Switches = field(default_factory=Switches)
    schedule: list[tuple[float, str]] = field(
        default_factory=list
    )  # heap of (next_at, event_id), may be stale
    events_emitted: int = 0
    app_ticket: str = ""


def schedule(state: State, event: PushedEvent, at: float) -> None:
    """The event is due at ``at`` and at no other time."""
    event.state = EventState.WAITING
    event.next_at = at
    heapq.heappush(state.schedule, (at, event.event_id))
