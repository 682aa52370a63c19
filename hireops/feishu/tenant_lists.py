"""What lists and pages say of the customer whose rows they show, where the app has more than one."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hireops.feishu.models import Tenant

ONE_MORE_THAN_ONE = 2


def are_several() -> bool:
    """Whether this app has, or had, more than one customer; a custom app has one."""
    if settings.FEISHU_APP_TYPE == "custom":
        return False
    return Tenant.objects.filter(app_id=settings.FEISHU_APP_ID)[:ONE_MORE_THAN_ONE].count() > 1


class _TenantFilter(admin.SimpleListFilter):
    title = _("customer")
    parameter_name = "tenant"
    column = "tenant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not are_several():
            return []  # then the list does without it
        tenants = Tenant.objects.filter(app_id=settings.FEISHU_APP_ID).order_by("pk")
        return [(str(tenant.pk), str(tenant)) for tenant in tenants]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(**{self.column: int(chosen)}) if chosen.isdecimal() else queryset


def filter_by_tenant(column: str = "tenant") -> type[admin.SimpleListFilter]:
    """For ``list_filter``; ``column`` leads from a row to its tenant, such as ``account__tenant``."""
    return type("TenantFilter", (_TenantFilter,), {"column": column})


def tenant_columns(column: str = "tenant") -> list[Callable[[Any], str]]:
    """For ``get_list_display``: a column with the customer, none where there is one customer only."""

    @admin.display(description=_("customer"))
    def customer(row: Any) -> str:
        for name in column.split("__"):
            row = getattr(row, name)
        return "–" if row is None else str(row)

    return [customer] if are_several() else []
