"""Orders that may have been placed twice: shown, and never joined, since recruiters do order again."""

from datetime import timedelta

from django.db.models import Q, QuerySet

from bindings.models import BackgroundCheck

WITHIN = timedelta(days=14)
MOST_SHOWN = 5


def of(check: BackgroundCheck) -> QuerySet[BackgroundCheck]:
    """Others of this candidate, package and account that came within days of this one."""
    if not (check.candidate_mobile or check.candidate_email):
        return BackgroundCheck.objects.none()
    same = Q(candidate_mobile=check.candidate_mobile) & ~Q(candidate_mobile="")
    same |= Q(candidate_email=check.candidate_email) & ~Q(candidate_email="")
    others = BackgroundCheck.objects.filter(
        same,
        tenant=check.tenant,
        account_named=check.account_named,
        package_id=check.package_id,
        received_at__range=(check.received_at - WITHIN, check.received_at + WITHIN),
    )
    return others.exclude(pk=check.pk).order_by("-pk")[:MOST_SHOWN]
