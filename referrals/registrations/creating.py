"""The call that registers a referrer at Feishu (contract 2.1): for which company, and with which contacts."""

from django.conf import settings
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


def own_tenant() -> Tenant:
    """The company in which referrers are registered: that of a custom app, or a customer of a store app.

    Raises ``Refused`` for a store app, unless exactly one customer has it installed.
    """
    if settings.FEISHU_APP_TYPE == "custom":
        return Tenant.objects.own()
    customers = Tenant.objects.active()[:2]
    if len(customers) != 1:
        raise Refused(
            _(
                "Referrers can be registered for one company only, and this store app is installed by none "
                "or by several. Their accounts become known by events."
            )
        )
    return customers[0]


def enqueue_creation(row: Registration, *, tenant: Tenant, by: User | None) -> Call:
    """The call alone, for a caller that has locked the row and knows ``own_tenant()``."""
    mobile = {"mobile": contacts.parts_of(row.mobile)} if row.mobile else {}
    email = {"email": row.email} if row.email else {}
    row.call = outbox.enqueue(
        operation=CREATE,
        target=f"referral_registration:{row.pk}",
        payload={**mobile, **email},
        tenant=call_tenant(tenant),
        by=by,
    )
    row.state, row.problem, row.problem_details, row.finished_at = Registration.State.PENDING, "", {}, None
    row.save(update_fields=["call", "state", "problem", "problem_details", "finished_at"])
    return row.call
