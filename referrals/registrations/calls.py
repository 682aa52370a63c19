"""Registering a referrer at Feishu (contract 2.1), and what its answer or refusal changes here."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register
from referrals.accounts import services as accounts
from referrals.accounts.profile import apply_account
from referrals.ledger import services as ledger
from referrals.models import ReferralAccount, Registration
from referrals.registrations.creating import CREATE

NO_SUCH_EMPLOYEE, SEVERAL_EMPLOYEES = 1002551, 1002552
PROBLEMS = {NO_SUCH_EMPLOYEE: "no_such_employee", SEVERAL_EMPLOYEES: "several_employees"}


def apply_answer(call: Call, answer: Answer) -> None:
    """The account that Feishu names is the referrer's: a new one, or one that is known here already.

    Of one that is known, it may have been enabled or deactivated since Feishu answered, because registrations
    do not wait for calls about the account. A query does, and tells its status.
    """
    answered = hire.Account.of(answer.data)
    account, created = ledger.account_for(
        call.tenant or _customer_of(call),
        answered.account_id,
        source=ReferralAccount.Source.REGISTERED,
    )
    apply_account(account, answered if created else replace(answered, status=account.status))
    ledger.record_answer(account, answered.confirmed_bonus, call=call, asked=ledger.asked(call, answer))
    registration = Registration.objects.select_for_update().filter(call=call).first()
    if registration is not None:
        _keep_contact(account, registration)
        _end(registration, Registration.State.REGISTERED, account=account)
    if not created:
        accounts.enqueue_query(account, by=call.created_by)


def _customer_of(call: Call) -> Tenant:
    """Of one without a tenant: a custom app's."""
    row = Registration.objects.filter(call=call).select_related("tenant").first()
    return row.tenant if row and row.tenant else Tenant.objects.own()


def apply_refusal(call: Call, error: FeishuError) -> None:
    """The row says why, and can be corrected there. The explanation is made when it is read."""
    registration = Registration.objects.select_for_update().filter(call=call).first()
    if registration is None:
        return
    problem = PROBLEMS.get(error.code or 0, "refused")
    details = {"outcome": error.outcome.value, "code": error.code} if problem == "refused" else {}
    _end(registration, Registration.State.REFUSED, problem=problem, problem_details=details)


def _keep_contact(account: ReferralAccount, registration: Registration) -> None:
    """What the account does not say of its owner yet, as it was registered."""
    missing = [name for name in ("mobile", "email", "name") if not getattr(account, name)]
    for name in missing:
        setattr(account, name, getattr(registration, name))
    account.emptied_at = None
    account.save(update_fields=[*missing, "emptied_at"])


def _end(registration: Registration, state: str, **values: object) -> None:
    ended = {"problem": "", "problem_details": {}, **values}
    for name, value in ended.items():
        setattr(registration, name, value)
    registration.state, registration.finished_at = state, clock.now()
    registration.save(update_fields=[*ended, "state", "finished_at"])


register(
    Operation(
        name=CREATE,
        label=_("Register referrer"),
        send=hire.create_referral_account,
        endpoint=ENDPOINTS[CREATE],
        permission="referrals.view_referralaccount",
        on_answer=apply_answer,
        on_refusal=apply_refusal,
        kept_by_app=_(
            "This call belongs to a registration. Try again, correct or discard it on the page of the "
            "registration, under “Registrations”."
        ),
    )
)
