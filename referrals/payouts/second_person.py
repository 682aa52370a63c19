"""What lists can be narrowed to for who is to be the second person: what that person may decide."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hireops.desk.cards import list_url
from hireops.desk.staff import Reader
from referrals.payouts.rights import APPROVE

WAITS_FOR, ME = "waits_for", "me"


class _WaitsForMeFilter(admin.SimpleListFilter):
    title = _("decision")
    parameter_name = WAITS_FOR
    to_decide: Callable[[Reader], QuerySet[Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(ME, _("waits for me"))] if request.user.has_perm(APPROVE) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != ME:
            return queryset
        return queryset.filter(pk__in=type(self).to_decide(request.user).values("pk"))


def filter_by_second_person(to_decide: Callable[[Reader], QuerySet[Any]]) -> type[admin.SimpleListFilter]:
    """For ``list_filter``; ``to_decide(person)`` gives the rows that this person may decide."""
    return type("WaitsForMeFilter", (_WaitsForMeFilter,), {"to_decide": staticmethod(to_decide)})


def what_waits_for_me(model: str) -> str:
    """The address of the list of ``model`` so narrowed."""
    return list_url(model, f"{WAITS_FOR}={ME}")
