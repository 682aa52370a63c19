"""The call that registers a referrer at Feishu (contract 2.1): for which company, and with which contacts."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from hireops import contacts
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import call_tenant
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from referrals.models import Registration

CREATE = "referral_account.create"


def customers() -> list[Tenant]:
    """Those whose employees can be registered: the one of a custom app, the active ones of a store app."""
    return list(Tenant.objects.served())


def only_customer() -> Tenant | None:
    """The one to whom every referrer belongs, where there is no choice."""
    found = customers()
    return found[0] if len(found) == 1 else None


def chosen_customer(chosen: Tenant | None) -> Tenant:
    """``chosen``, or the only one. Raises ``Refused`` if neither is a customer who can be served now."""
    found = customers()
    if not found:
        raise Refused(
            _("No customer has this app installed and active at this moment, so nobody can be registered.")
        )
    if chosen is None and len(found) > 1:
        raise Refused(_("Choose the customer whose employee is to be registered."))
    tenant = chosen or found[0]
    if tenant not in found:
        raise Refused(
            _("%(customer)s has suspended or removed the app, so nobody can be registered for them now.")
            % {"customer": tenant}
        )
    return tenant


def enqueue_creation(row: Registration, *, by: User | None) -> Call:
    """The call alone, for a caller that has locked the row; it is made for the row's own customer."""
    assert row.tenant is not None  # noqa: S101 - registration_has_its_customer
    mobile = {"mobile": contacts.parts_of(row.mobile)} if row.mobile else {}
    email = {"email": row.email} if row.email else {}
    row.call = outbox.enqueue(
        operation=CREATE,
        target=f"referral_registration:{row.pk}",
        payload={**mobile, **email},
        tenant=call_tenant(row.tenant),
        by=by,
    )
    row.state, row.problem, row.problem_details, row.finished_at = Registration.State.PENDING, "", {}, None
    row.save(update_fields=["call", "state", "problem", "problem_details", "finished_at"])
    return row.call
