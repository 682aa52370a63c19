"""What staff say of whose an account is. Each is a change with a reason, and none is ever taken out again."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.customers.services import create_customer
from bindings.matching.binding import Change, lock_accounts, write
from bindings.models import BindingChange, Customer, EcoAccount
from hireops.desk import audit
from hireops.desk.errors import Refused

How = BindingChange.How


def bind(account: EcoAccount, customer: Customer, *, by: User, reason: str) -> None:
    """It is this customer's, whoever's it was. Raises ``Refused``."""
    bind_all([account], customer, by=by, reason=reason)


def bind_all(accounts: Iterable[EcoAccount], customer: Customer, *, by: User, reason: str) -> None:
    """All of them, or, with ``Refused``, none."""
    with transaction.atomic():
        locked = _locked(accounts)
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        if customer.archived:
            raise Refused(
                _("%(customer)s is archived. Take the customer out of the archive first.")
                % {"customer": customer}
            )
        for account in locked:
            if account.customer_id == customer.pk:
                raise Refused(
                    _("“%(account)s” is bound to %(customer)s already.")
                    % {"account": account, "customer": customer}
                )
        why = _reason(reason)
        write([Change(each, customer.pk, How.BY_HAND, by=by, reason=why) for each in locked])


def bind_to_new(accounts: Iterable[EcoAccount], *, code: str, name: str, by: User, reason: str) -> Customer:
    """They are a customer's whom nobody has entered yet. Raises ``Refused``; then there is none either."""
    with transaction.atomic():
        accounts = _locked(accounts)
        customer = create_customer(customer=Customer(code=code, name=name), by=by)
        bind_all(accounts, customer, by=by, reason=reason)
    return customer


def release(account: EcoAccount, *, by: User, reason: str) -> None:
    """It is nobody's again, and no rule binds it any more. Raises ``Refused``."""
    with transaction.atomic():
        (account,) = _locked([account])
        if account.customer_id is None:
            raise Refused(_("“%(account)s” is bound to nobody.") % {"account": account})
        write([Change(account, None, How.RELEASED, by=by, reason=_reason(reason))])


def set_aside(account: EcoAccount, *, by: User, reason: str) -> None:
    """It will be nobody's, and leaves the queue. Raises ``Refused``."""
    with transaction.atomic():
        (account,) = _locked([account])
        if account.customer_id is not None:
            raise Refused(_("“%(account)s” is bound to a customer. Release it first.") % {"account": account})
        if account.set_aside:
            raise Refused(_("“%(account)s” is set aside already.") % {"account": account})
        write([Change(account, None, How.SET_ASIDE, by=by, reason=_reason(reason))])


def put_back(account: EcoAccount, *, by: User, reason: str) -> None:
    """It waits for a customer again. Raises ``Refused``."""
    with transaction.atomic():
        (account,) = _locked([account])
        if not account.set_aside:
            raise Refused(_("“%(account)s” is not set aside.") % {"account": account})
        write([Change(account, None, How.PUT_BACK, by=by, reason=reason.strip())])


def keep(account: EcoAccount, *, by: User, reason: str) -> None:
    """It stays whose it is, although what was typed last names somebody else. Raises ``Refused``."""
    with transaction.atomic():
        (account,) = _locked([account])
        if account.in_question_id is None:
            raise Refused(_("There is no question about “%(account)s” any more.") % {"account": account})
        why, named = _reason(reason), account.in_question_id
        account.in_question = None
        account.save(update_fields=["in_question"])
        audit.record(by=by, action=KEPT, on=account, reason=why, customer=account.customer_id, named=named)


KEPT = gettext_noop("account stays with its customer")


def _locked(accounts: Iterable[EcoAccount]) -> Sequence[EcoAccount]:
    pks = {account.pk for account in accounts}
    locked = lock_accounts(pks)
    if len(locked) < len(pks):
        raise Refused(_("The selected objects no longer exist. Nothing was done."))
    return locked


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused(_("Write the reason: it stays in the history of the account."))
    return reason.strip()
