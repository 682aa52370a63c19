"""Asking Feishu to compare the points of a day (contract 2.6)."""

import logging

from django.utils.translation import gettext_lazy as _

from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register
from referrals.accounts.calls import NO_SUCH_ACCOUNT
from referrals.reconciliation import services as runs

logger = logging.getLogger(__name__)


def apply_answer(call: Call, answer: Answer) -> None:
    """One that can't be read never will be: the run ends as not finished, and the day is compared anew."""
    try:
        result = hire.ReconciliationResult.of(answer.data)
    except FeishuError as error:
        logger.warning("call %d: %s (log_id %s)", call.pk, error.message, answer.log_id)
        runs.fail(call)
    else:
        runs.apply_answer(call, result)


def apply_refusal(call: Call, error: FeishuError) -> None:
    if error.code == NO_SUCH_ACCOUNT:
        runs.split(call)
    else:
        runs.fail(call)


register(
    Operation(
        name=runs.RECONCILE,
        label=_("Reconcile points"),
        send=hire.reconcile_referral_accounts,
        endpoint=ENDPOINTS[runs.RECONCILE],
        permission="referrals.view_reconciliation",
        on_answer=apply_answer,
        on_refusal=apply_refusal,
        kept_by_app=_(
            "This call is a part of a reconciliation, and its end decides what the reconciliation says. "
            "Reconcile the day once more on the page of the reconciliation instead."
        ),
    )
)
