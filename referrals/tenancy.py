"""Whose employees the referrers are: the company of a custom app, or a customer of a store app."""

from django.conf import settings
from django.utils.translation import gettext as _

from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant


def home() -> Tenant:
    """The company in which referrers are registered.

    Raises ``Refused`` for a store app, unless exactly one customer has it installed.
    """
    if settings.FEISHU_APP_TYPE == "custom":
        return Tenant.objects.home()
    tenants = Tenant.objects.filter(app_id=settings.FEISHU_APP_ID, state=Tenant.State.ACTIVE)[:2]
    if len(tenants) != 1:
        raise Refused(
            _(
                "Referrers can be registered for one company only, and this store app is installed by none "
                "or by several. Their accounts become known by events."
            )
        )
    return tenants[0]


def caller(tenant: Tenant) -> Tenant | None:
    """The tenant that ``outbox.services.enqueue`` wants: a custom app's token belongs to its only one."""
    return tenant if settings.FEISHU_APP_TYPE == "store" else None
