"""Accounts in which employees collect rewards for referring candidates (contract 2).

Every call may be refused with ``1002002`` (a value is wrong) and ``1002001`` (system error or refusal).
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NotRequired, TypedDict

from hireops.feishu.client import Answer, call
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.hire.wire import Moment, content, query


class Mobile(TypedDict):
    """A mobile number; ``code`` is the country's calling code, such as "86"."""

    code: NotRequired[str]
    number: str


class BonusType(IntEnum):
    POINTS = 1
    CASH = 2


def create_referral_account(
    tenant_key: str, *, mobile: Mobile | None = None, email: str | None = None
) -> Answer:
    """Register the account of an employee, found by mobile number, e-mail address or both.

    ``Account.of(answer.data)`` is the account. Refused with ``1002551`` (no such employee) and ``1002552``
    (several). 100 calls a minute. Contract 2.1, doc ``referral_account/create``.
    """
    if not (mobile or email):
        raise ValueError("an employee is found by mobile or email, and neither was given")
    if mobile and not mobile.get("number"):
        raise ValueError("mobile needs its number")
    body = content(mobile=mobile or None, email=email or None)
    return call(ENDPOINTS["referral_account.create"], tenant_key=tenant_key, body=body)


def get_referral_account_assets(
    tenant_key: str, *, referral_account_id: str, user_id_type: str | None = None
) -> Answer:
    """Read an account with its balance and its owner, the truth before every payout.

    ``Account.of(answer.data)`` has them; ``user_id_type`` (``open_id`` if None, ``union_id``, ``user_id``)
    says which ``referrer.id`` it has. Refused with ``1002553`` (no such account). 10 calls a second. Contract
    2.2, doc ``referral_account/get_account_assets``.
    """
    return call(
        ENDPOINTS["referral_account.get_account_assets"],
        tenant_key=tenant_key,
        query=query(referral_account_id=referral_account_id, user_id_type=user_id_type),
    )


def enable_referral_account(tenant_key: str, *, referral_account_id: str) -> Answer:
    """Turn balance events and withdrawals of an account on again.

    ``Account.of(answer.data)`` is the account; read its assets at once, for nobody knows whether changes made
    meanwhile are announced. Refused with ``1002553`` (no such account). 10 calls a second. Contract 2.3, doc
    ``referral_account/enable``.
    """
    body = content(referral_account_id=referral_account_id)
    return call(ENDPOINTS["referral_account.enable"], tenant_key=tenant_key, body=body)


def deactivate_referral_account(tenant_key: str, *, referral_account_id: str) -> Answer:
    """Turn balance events and withdrawals of an account off; withdraw first.

    ``Account.of(answer.data)`` is the account. Refused with ``1002553`` (no such account). 100 calls a
    minute. Contract 2.4, doc ``referral_account/deactivate``.
    """
    return call(
        ENDPOINTS["referral_account.deactivate"],
        tenant_key=tenant_key,
        path_params={"referral_account_id": referral_account_id},
    )


def withdraw_referral_account(
    tenant_key: str,
    *,
    referral_account_id: str,
    withdraw_bonus_type: Sequence[int],
    external_order_id: str,
) -> Answer:
    """Take the *whole* balance of each type (1 points, 2 cash) out of an account, for good.

    ``WithdrawalResult.of(answer.data)`` says what was taken. ``external_order_id`` makes it happen once:
    repeating the call with the same one gives the first withdrawal again, with another one takes what has
    come since. Refused with ``1002553`` (no such account) and ``1002555`` (it is disabled). 100 calls a
    minute. Contract 2.5, doc ``referral_account/withdraw``.
    """
    types = [BonusType(each).value for each in withdraw_bonus_type]
    if not types or len(types) != len(set(types)):
        raise ValueError("withdraw_bonus_type must name points, cash or both, each once")
    return call(
        ENDPOINTS["referral_account.withdraw"],
        tenant_key=tenant_key,
        path_params={"referral_account_id": referral_account_id},
        body=content(withdraw_bonus_type=types, external_order_id=external_order_id),
    )


def reconcile_referral_accounts(
    tenant_key: str,
    *,
    start_trans_time: Moment,
    end_trans_time: Moment,
    points: Mapping[str, int],
) -> Answer:
    """Compare the points that we credited in a period with those that Feishu paid out; cash is not compared.

    ``points`` are ours by ``account_id``. The period is one of ``WithdrawalResult.trans_time``; whether its
    ends belong to it is not known. ``ReconciliationResult.of(answer.data)`` has the accounts that differ.
    Refused with ``1002553`` (an account does not exist). 100 calls a minute. Contract 2.6, doc
    ``referral_account/reconciliation``.
    """
    trade_details = [
        {"account_id": account_id, "total_recharge_reward_info": {"point_bonus": _points(credited)}}
        for account_id, credited in points.items()
    ]
    body = content(
        start_trans_time=start_trans_time,
        end_trans_time=end_trans_time,
        trade_details=trade_details or None,
    )
    return call(ENDPOINTS["referral_account.reconciliation"], tenant_key=tenant_key, body=body)


def _points(credited: int) -> int:
    if type(credited) is not int:
        raise TypeError(f"points are whole, not {type(credited).__name__}")
    return credited
