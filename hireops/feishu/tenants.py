"""Whether a tenant still has the app (contract 1.7), which one a call is made for, and rows that are known by
tenant and account ID.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from hireops.database import clock
from hireops.feishu.models import Tenant

AccountKey = tuple[int, str]  # the tenant's primary key, and Feishu's account_id


def record_state(tenant: Tenant, state: Tenant.State, *, at: datetime) -> bool:
    """Set the tenant's state as of ``at``, Feishu's time. False, and unchanged, if a later one is known."""
    from_the_future = Q(state_at__gt=clock.now() + clock.FROM_THE_FUTURE)
    not_later = Q(state_at=None) | Q(state_at__lte=at) | from_the_future
    return bool(Tenant.objects.filter(not_later, pk=tenant.pk).update(state=state, state_at=at))


def call_tenant(tenant: Tenant) -> Tenant | None:
    """The tenant that a call about ``tenant`` names: none for a custom app, whose token is its only one's."""
    return tenant if settings.FEISHU_APP_TYPE == "store" else None


def accounts_named(keys: Iterable[AccountKey], column: str = "account_id") -> Q:
    """The condition for rows whose ``tenant`` and ``column`` are among these; without keys, none."""
    by_tenant = defaultdict(list)
    for tenant, account_id in keys:
        by_tenant[tenant].append(account_id)
    named = Q(pk__in=[])
    for tenant, account_ids in by_tenant.items():
        named |= Q(("tenant", tenant), (f"{column}__in", account_ids))
    return named
