"""Binding codes: issued to a customer, shown once, and revoked."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.matching import one_time_codes
from bindings.models import BindingCode, Customer
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused

DAYS, MOST_DAYS = 30, 365


def issue(customer: Customer, *, by: User, days: int = DAYS) -> tuple[BindingCode, str]:
    """The row, and the code itself, which nobody can find out again. Raises ``Refused``."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        if customer.archived:
            raise Refused(
                _("%(customer)s is archived. Take the customer out of the archive first.")
                % {"customer": customer}
            )
        if not 1 <= days <= MOST_DAYS:
            raise Refused(_("A binding code is good for 1 to %(days)s days.") % {"days": MOST_DAYS})
        code = one_time_codes.made()
        row = BindingCode.objects.create(
            customer=customer,
            digest=one_time_codes.digest(code),
            hint=one_time_codes.hint(code),
            issued_by=by,
            expires_at=clock.now() + timedelta(days=days),
        )
        issued = gettext_noop("binding code issued")
        audit.record(by=by, action=issued, on=row, customer=customer.pk, days=days)
    return row, one_time_codes.in_groups(code)


def revoke(code: BindingCode, *, by: User, reason: str) -> None:
    """Nobody can use it up any more. Raises ``Refused`` if somebody has, or if it is revoked."""
    with transaction.atomic():
        code = BindingCode.objects.select_for_update().get(pk=code.pk)
        if code.used_at or code.revoked_at:
            raise Refused(_("The code %(code)s is used up or revoked already.") % {"code": code})
        code.revoked_at, code.revoked_by = clock.now(), by
        code.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(by=by, action=gettext_noop("binding code revoked"), on=code, reason=reason)
