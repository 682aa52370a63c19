"""What the list of payments can be narrowed to."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hireops.desk import figures
from hireops.desk.charts import Span, months
from referrals.models import Payment, Reversal
from referrals.payments.charts import CAME_BACK


class CameBackFilter(admin.SimpleListFilter):
    """The month in which a payment came back: by its result, or later by a reversal."""

    title = _("came back in")
    parameter_name = CAME_BACK

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.words, each.words) for each in reversed(months())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        chosen = next((each for each in months() if each.words == self.value()), None)
        return queryset.filter(pk__in=_came_back(chosen)) if chosen else queryset


def _came_back(span: Span) -> "QuerySet[Payment, Any]":
    """Each half by its own index."""
    since, until = figures.span(span.first, span.last)
    bounced = Payment.objects.filter(
        state=Payment.State.BOUNCED, recorded_at__gte=since, recorded_at__lt=until
    )
    reversals = Reversal.objects.filter(
        state=Reversal.State.CONFIRMED, decided_at__gte=since, decided_at__lt=until
    )
    return bounced.order_by().values("pk").union(reversals.order_by().values("payment"))
