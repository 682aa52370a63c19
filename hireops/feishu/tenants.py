"""Whether a tenant still has the app (contract 1.7): nothing is sent to one that has not."""

from datetime import datetime

from django.db.models import Q

from hireops.feishu.models import Tenant


def note_state(tenant: Tenant, state: Tenant.State, *, at: datetime) -> bool:
    """Set the tenant's state as of ``at``, Feishu's time. False, and unchanged, if a later one is known."""
    not_later = Q(state_at=None) | Q(state_at__lte=at)
    return bool(Tenant.objects.filter(not_later, pk=tenant.pk).update(state=state, state_at=at))
