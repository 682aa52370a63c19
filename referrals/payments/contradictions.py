"""Payments recorded as come back, of which a results file says that they were made: cases for a person.

Either the return was recorded wrongly, or the bank has paid after it; if the amount was handed over again
meanwhile, the employee may get it twice.
"""

from django.contrib.auth.models import User
from django.utils.translation import gettext_noop

from hireops.desk import audit
from referrals.cases.services import open_case
from referrals.ledger.figures import ZERO
from referrals.models import Case, Payment
from referrals.payments.results import ResultLine


def contradicts(line: ResultLine, payment: Payment) -> bool:
    """Whether the line says *made* of a payment that has come back, or of which somebody says so.

    A file from before a reversal says again, under the same reference, what was reversed since.
    """
    if line.state != Payment.State.PAID:
        return False
    if payment.standing == Payment.Standing.REVERSED:
        return line.reference != payment.reference
    returned = payment.state == Payment.State.BOUNCED
    return returned or (payment.state == Payment.State.HANDED_OVER and payment.open_reversal is not None)


def open_for(payment: Payment, *, by: User, evidence: str) -> Case:
    """Open the case, which keeps the amount from being handed over. The payment is locked."""
    again, withdrawal = payment.paid_again, payment.amount.withdrawal
    ours = again.sum if again else ZERO
    case = open_case(
        kind=Case.Kind.RETURNED_PAID,
        account=withdrawal.account,
        asset=payment.asset,
        ours=ours,
        theirs=ours + payment.sum,
        withdrawal=withdrawal,
        payment=payment,
    )
    action = gettext_noop("the results file says that a payment recorded as come back was made")
    audit.record(by=by, action=action, on=payment, reason=evidence, case=case.pk)
    return case
