"""What this Feishu remembers of employees, withdrawals, orders and exams. Times in ms where named so."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any


class ReferralStatus(IntEnum):
    """Of a referral account (contract 2.0); an employee who was never registered has none."""

    NONE = 0
    ENABLED = 1
    DISABLED = 2


@dataclass(slots=True)
class Employee:
    """Somebody who refers candidates; ``account_id`` is empty until a partner registers the account."""

    employee_id: str
    tenant_key: str
    name: str
    mobile_code: str = "86"
    mobile_number: str = ""
    email: str = ""
    account_id: str = ""
    status: ReferralStatus = ReferralStatus.NONE
    points: int = 0
    cash_cents: dict[str, int] = field(default_factory=dict)
    modified_ms: int = 0
    in_range: bool = True  # of the app: outside of it the app's bot can't send anything


@dataclass(slots=True)
class BotMessage:
    """What the app's bot has sent to an employee; ``card`` is the content (JSON 2.0)."""

    message_id: str
    uuid: str
    tenant_key: str
    employee_id: str
    card: dict[str, Any]
    at: float

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@dataclass(slots=True)
class TakenWithdrawal:
    """One withdrawal and how often it was asked for again (contract 2.5)."""

    external_order_id: str
    account_id: str
    tenant_key: str
    types: list[int]
    trans_ms: int
    points: int
    cash_cents: dict[str, int]
    repeats: int = 0

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.trans_ms / 1000, UTC)


@dataclass(slots=True)
class Published:
    """What a partner has put behind one account: order form and packages, or papers (contract 4.1, 4.4, 5.1).

    Keys and ids that were used once are kept for ever: they cannot be used again.
    """

    fields: list[dict[str, Any]] = field(default_factory=list)
    burned_keys: list[str] = field(default_factory=list)
    packages: dict[str, dict[str, str]] = field(default_factory=dict)
    items: dict[str, dict[str, str]] = field(default_factory=dict)
    used_ids: list[str] = field(default_factory=list)
    papers: dict[str, dict[str, Any]] = field(default_factory=dict)
    activated: bool = False


class CustomerOrderStatus(IntEnum):
    """As ``order_status`` of contract 4.12."""

    ARRANGED = 2
    COMPLETED = 3
    TERMINATED = 4
    IN_APPROVAL = 5
    APPROVED = 8
    REJECTED = 9


@dataclass(slots=True)
class CustomerOrder:
    """A background check; ``stages`` and ``result`` as the partner reported them, ``results_before`` those
    that a later one has taken the place of, ``asked`` the content of the event."""

    background_check_id: str
    tenant_key: str
    account_id: str
    package_id: str
    candidate: str
    created_at: float
    updated_ms: int
    application_id: str
    status: CustomerOrderStatus = CustomerOrderStatus.ARRANGED
    stages: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    termination_reason: str = ""
    results_before: list[dict[str, Any]] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def created_time(self) -> datetime:
        return datetime.fromtimestamp(self.created_at, UTC)


class ExamState(StrEnum):
    ARRANGED = "arranged"
    READY = "ready"
    FAILED = "failed"
    ANSWERED = "answered"
    MARKED = "marked"


@dataclass(slots=True)
class Exam:
    """A written exam; ``login_info`` and ``result`` as reported, ``reports`` how often a result came."""

    exam_id: str
    tenant_key: str
    account_id: str
    paper_id: str
    candidate: str
    created_at: float
    state: ExamState = ExamState.ARRANGED
    login_info: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    reports: int = 0

    @property
    def created_time(self) -> datetime:
        return datetime.fromtimestamp(self.created_at, UTC)


@dataclass(slots=True)
class Download:
    """What came of fetching a report; ``note`` is why nothing did."""

    url: str
    at: float
    status: int = 0
    size: int = 0
    is_pdf: bool = False
    note: str = ""

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)
