"""The pages of the audit."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hireops.desk import rights
from hireops.desk.admin.base import MirrorAdmin
from hireops.desk.display import linked, our_json
from hireops.desk.lists import different_values
from hireops.desk.models import AuditEntry
from hireops.desk.staff import people_named


class ActionFilter(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        actions = different_values(AuditEntry, "action")
        return [(action, AuditEntry(action=action).action_label) for action in actions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(MirrorAdmin):
    help_page = "audit"
    empty_list = _("Who has done what to which row, and why. Nothing has been done yet.")
    list_display = ("at", "actor_shown", "action_shown", "target_type", "target_label", "reason_shown")
    list_filter = ("at", ActionFilter)
    sortable_by = ("at",)
    list_select_related = ("actor", "target_type")
    exact_search_fields = ("actor_name", "target_id")
    search_help_text = _("Name or user name of a person, or object ID, in full")
    fields = (
        "at",
        "actor_shown",
        "actor_name",
        "action_shown",
        "target_type",
        "target_shown",
        "reason_shown",
        "details_shown",
    )

    def values_searched(self, request: HttpRequest, term: str) -> dict[str, Any]:
        values = super().values_searched(request, term)
        people = list(people_named(term))
        return {**values, "actor__in": people} if people else values

    @admin.display(description=_("user"))
    def actor_shown(self, entry: AuditEntry) -> str:
        return entry.who

    @admin.display(description=_("action"))
    def action_shown(self, entry: AuditEntry) -> str:
        return entry.action_label

    @admin.display(description=_("object"))
    def target_shown(self, entry: AuditEntry) -> str:
        model = entry.target_type.model_class()
        target = model._base_manager.filter(pk=entry.target_id).first() if model else None  # noqa: SLF001  public API
        return linked(target, entry.target_label) if target else entry.target_label

    @admin.display(description=_("reason"))
    def reason_shown(self, entry: AuditEntry) -> str:
        return entry.reason_shown

    @admin.display(description=_("details"))
    def details_shown(self, entry: AuditEntry) -> SafeString:
        others = {name: value for name, value in entry.details.items() if name != rights.RIGHTS}
        told = rights.changed(entry.details) | rights.before_and_after(entry.details)
        return format_html("{}{}", rights.shown(told), our_json(others) if others else "")
