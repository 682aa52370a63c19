"""What Feishu answers, typed: ``Account.of(answer.data)``. Fresh and stored answers read the same.

All raise ``FeishuError`` with ``UNKNOWN`` for an answer that cannot be read, and never guess an amount.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, Self

from hireops.feishu.hire import reading


class AccountStatus(IntEnum):
    AVAILABLE = 1
    DISABLED = 2


class OrderStatus(IntEnum):
    ARRANGED = 2
    COMPLETED = 3
    TERMINATED = 4
    IN_APPROVAL = 5
    APPROVAL_WITHDRAWN = 6
    APPROVED = 8
    APPROVAL_REJECTED = 9


class ReportType(IntEnum):
    INTERIM = 1
    FINAL = 2


@dataclass(frozen=True, slots=True)
class Cash:
    """An amount with two decimals; ``currency_type`` is ISO text (contract 2.8), else as Feishu writes it."""

    currency_type: str
    amount: Decimal

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(reading.currency(data, "currency_type"), reading.amount(data, "amount"))


@dataclass(frozen=True, slots=True)
class Bonus:
    """Points and cash (contract 2.0), in answers and in balance events alike."""

    point_bonus: int
    cash_bonus: tuple[Cash, ...]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        cash = tuple(Cash.of(each) for each in reading.members(data, "cash_bonus"))
        return cls(reading.whole(data, "point_bonus", default=0), cash)


@dataclass(frozen=True, slots=True)
class Referrer:
    """The employee whose account it is. What the app has no permission to see is ""."""

    id: str
    name_zh: str
    name_en: str
    email: str
    mobile: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        name = reading.optional_member(data, "name")
        return cls(
            id=reading.text(data, "id"),
            name_zh=reading.text(name, "zh_cn"),
            name_en=reading.text(name, "en_us"),
            email=reading.text(data, "email"),
            mobile=reading.text(data, "mobile"),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """A referral account (contract 2.0). ``confirmed_bonus`` is its balance: confirmed and not paid out.

    ``status`` is one of ``AccountStatus``, or a number that Feishu has added since. ``referrer`` is there
    only when the assets were asked for.
    """

    account_id: str
    status: int
    confirmed_bonus: Bonus
    referrer: Referrer | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        account = reading.member(data, "account")
        assets = reading.member(account, "assets")
        referrer = reading.optional_member(account, "referrer")
        return cls(
            account_id=reading.identifier(account, "account_id"),
            status=reading.whole(account, "status"),
            confirmed_bonus=Bonus.of(reading.member(assets, "confirmed_bonus")),
            referrer=Referrer.of(referrer) if referrer else None,
        )


@dataclass(frozen=True, slots=True)
class WithdrawalResult:
    """What was taken out of an account (contract 2.5). ``trans_time`` is what reconciliation goes by."""

    external_order_id: str
    trans_time: datetime
    withdrawal_details: Bonus

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(
            external_order_id=reading.identifier(data, "external_order_id"),
            trans_time=reading.moment(data, "trans_time"),
            withdrawal_details=Bonus.of(reading.member(data, "withdrawal_details")),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """An account of which the points differ. ``withdrawn`` is Feishu's figure, None if it has none at all."""

    account_id: str
    withdrawn: int | None
    recharged: int

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        withdrawn = reading.optional_member(data, "total_withdraw_reward_info")
        recharged = reading.optional_member(data, "total_recharge_reward_info")
        return cls(
            account_id=reading.identifier(data, "account_id"),
            withdrawn=reading.whole(withdrawn, "point_bonus", default=0) if withdrawn else None,
            recharged=reading.whole(recharged, "point_bonus", default=0),
        )


@dataclass(frozen=True, slots=True)
class ReconciliationResult:
    """The accounts that differ (contract 2.6); none: all of them match."""

    check_failed_list: tuple[Difference, ...]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(tuple(Difference.of(each) for each in reading.members(data, "check_failed_list")))


@dataclass(frozen=True, slots=True)
class Order:
    """What Feishu has of a background check (contract 4.12).

    ``order_status`` is one of ``OrderStatus`` and ``report_types`` has those of ``ReportType`` that arrived,
    both possibly with numbers that Feishu has added since. ``stages`` are the names of the reported stages.
    """

    order_id: str
    order_status: int
    conclusion: str
    report_types: tuple[int, ...]
    stages: tuple[str, ...]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        reports = reading.members(data, "feedback_info_list")
        return cls(
            order_id=reading.identifier(data, "order_id"),
            order_status=reading.whole(data, "order_status"),
            conclusion=reading.text(data, "conclusion"),
            report_types=tuple(reading.whole(each, "report_type") for each in reports),
            stages=tuple(
                reading.text(each, "process") for each in reading.members(data, "process_info_list")
            ),
        )


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders, and the ``page_token`` that gives the next ones ("" after the last page)."""

    items: tuple[Order, ...]
    page_token: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        items = tuple(Order.of(each) for each in reading.members(data, "items"))
        return cls(items, reading.next_page(data))


@dataclass(frozen=True, slots=True)
class OutboundIpPage:
    """Some addresses, and the ``page_token`` that gives the next ones ("" after the last page)."""

    ip_list: tuple[str, ...]
    page_token: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        return cls(reading.texts(data, "ip_list"), reading.next_page(data))
