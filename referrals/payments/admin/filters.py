"""What the list of payments can be narrowed to."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from referrals.models import Payment


class StandingFilter(admin.SimpleListFilter):
    """Each payment counts once: one that was reversed is not among those that are paid."""

    title = _("state")
    parameter_name = "state__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return Payment.Standing.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        standing = self.value()
        return queryset.filter(Payment.standing_is(standing)) if standing else queryset
