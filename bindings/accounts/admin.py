"""The accounts that customers added: a list, and a page that shows what they typed into our form."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from bindings.models import CustomField, EcoAccount, Scope, Usage
from hireops.desk.admin import MirrorAdmin
from hireops.desk.audit import entries_about
from hireops.desk.display import linked
from hireops.desk.masking import HIDDEN

EVENTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A value as the page shows it: ``note`` says why the field has no name, or is no longer asked for."""

    name: str
    key: str
    value: str
    note: str | Promise = ""


def shown_values(account: EcoAccount, *, masked: bool) -> list[ShownValue]:
    """What the customer typed, under the names of our fields in the language of the page."""
    fields = CustomField.objects.filter(scope=account.scope) if account.scope is not None else []
    definitions = {field.key: field for field in fields}
    return [
        ShownValue(
            name=_name(definitions.get(given.key)),
            key=given.key,
            value=HIDDEN if masked and given.value else given.value,
            note=_note(definitions.get(given.key)),
        )
        for given in account.values_given.order_by("position")
    ]


def _name(field: CustomField | None) -> str:
    if field is None:
        return ""
    in_chinese = (get_language() or "").startswith("zh")
    return field.name_zh if in_chinese else field.name_en or field.name_zh


def _note(field: CustomField | None) -> str | Promise:
    if field is None:
        return _("not defined here")
    return _("no longer on the form") if field.retired else ""


def in_words(usages: Iterable[object]) -> str:
    """``[1, 2]`` as the names of the two kinds of recruiting; what we do not know as it came."""
    names = {usage.value: str(usage.label) for usage in Usage}
    return ", ".join(
        names.get(usage, str(usage)) if isinstance(usage, int) else str(usage) for usage in usages
    )


@admin.register(EcoAccount)
class EcoAccountAdmin(MirrorAdmin):
    change_form_template = "admin/bindings/ecoaccount/change_form.html"
    list_display = ["short_name", "account_id", "scope_in_words", "usages_in_words", "tenant", "created_at"]
    list_filter = ["scope", "created_at"]
    list_select_related = ["tenant"]
    reveal_permission = "bindings.view_customfieldvalue"
    search_fields = ["account_id__startswith", "name"]
    exact_search_fields = ["tenant__tenant_key", "tenant__name"]
    search_help_text = _("Account name, account ID, or the tenant's name or key in full")
    fieldsets = [
        (None, {"fields": ["name", "account_id", "scope_in_words", "usages_in_words"]}),
        (_("Where it comes from"), {"fields": ["tenant_link", "event_link", "created_at", "updated_at"]}),
    ]

    @admin.display(description=_("account name"), ordering="name")
    def short_name(self, account: EcoAccount) -> str:
        return Truncator(account.name).chars(60) or str(_("(no name)"))

    @admin.display(description=_("account type"), ordering="scope")
    def scope_in_words(self, account: EcoAccount) -> str | Promise:
        if account.scope is None:
            return _("not stated")
        known = account.scope in Scope.values
        return account.get_scope_display() if known else _("unknown (%s)") % account.scope

    @admin.display(description=_("used for"))
    def usages_in_words(self, account: EcoAccount) -> str:
        return in_words(account.usages) or self.get_empty_value_display()

    @admin.display(description=_("tenant"))
    def tenant_link(self, account: EcoAccount) -> str:
        return linked(account.tenant)

    @admin.display(description=_("event"))
    def event_link(self, account: EcoAccount) -> str:
        return linked(account.event)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EcoAccount]:
        return super().get_queryset(request).select_related("tenant")

    def page_context(self, request: HttpRequest, obj: EcoAccount) -> dict[str, Any]:
        return {
            "values": shown_values(obj, masked=not self.is_revealed(request, obj)),
            "masked": not self.may_reveal(request, obj),
            "entries": entries_about(obj).filter(actor=None)[:EVENTS_SHOWN],
        }
