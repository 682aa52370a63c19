"""The accounts that customers added: a list, and a page that shows what they typed into our form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from bindings.accounts.events import EVENT_ACTIONS
from bindings.matching import changes
from bindings.matching.admin.actions import BIND, keep, put_back, release, set_aside
from bindings.matching.admin.queue import bound_since
from bindings.matching.texts import HOW, evidence_in_words
from bindings.models import AccountBinding, BindingChange, CustomField, EcoAccount, Scope, Usage
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin
from hireops.desk.audit import entries_about
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked
from hireops.desk.exporting import Exported
from hireops.desk.finding import last_digits
from hireops.desk.masking import HIDDEN

EVENTS_SHOWN = 50
OF_SCOPE = "of_scope"  # the kind of account that a box finds by typing


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


class WhoseFilter(admin.SimpleListFilter):
    title = _("customer")
    parameter_name = "whose"
    asked: ClassVar[dict[str, Q]] = {
        "waits": Q(customer__isnull=True, set_aside=False),
        "bound": Q(customer__isnull=False),
        "question": Q(in_question__isnull=False),
        "aside": Q(set_aside=True),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waits", _("waits for a customer")),
            ("bound", _("bound")),
            ("question", _("bound, and names another customer now")),
            ("aside", _("set aside")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[EcoAccount]) -> QuerySet[EcoAccount]:
        return queryset.filter(self.asked.get(self.value() or "", Q()))


@admin.register(EcoAccount)
class EcoAccountAdmin(MirrorAdmin):
    help_page = "binding#accounts"
    empty_list = _(
        "Accounts that customers add in Feishu Hire appear here by themselves. Push the custom fields "
        "first, so that there is a form to fill in."
    )
    ids = ["account_id"]
    change_form_template = "admin/bindings/ecoaccount/change_form.html"
    list_display = [
        "short_name",
        "customer_shown",
        "account_id",
        "scope_in_words",
        "usages_in_words",
        "tenant",
        "created_at",
    ]
    list_filter = [WhoseFilter, "scope", "created_at"]
    linked_by = ["customer"]
    sortable_by = ["created_at"]
    list_select_related = ["tenant", "customer"]
    staff_actions = [release, keep, set_aside, put_back]
    reveal_permission = "bindings.view_customfieldvalue"
    search_fields = ["account_id__startswith", "name"]
    exact_search_fields = ["tenant__tenant_key", "tenant__name"]
    search_help_text = _("Account name, account ID, or the tenant's name or key in full")
    found_by = {"account_id": str, "account_id__endswith": last_digits, "name__istartswith": str}
    found_by_words = _("Account ID in full, or how the name begins")
    fieldsets = [
        (None, {"fields": ["name", "customer_shown", "account_id", "scope_in_words", "usages_in_words"]}),
        (_("Where it comes from"), {"fields": ["tenant_link", "event_link", "created_at", "updated_at"]}),
    ]

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        return {"short_name": [Exported(gettext("account name"), lambda account: account.name)]}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[EcoAccount], search_term: str
    ) -> tuple[QuerySet[EcoAccount], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        asked = request.GET.get(OF_SCOPE)
        scopes = [scope for scope in Scope if str(scope.value) == asked]
        return found.filter(scope__in=scopes) if scopes else found, may_repeat

    def found_as(self, obj: EcoAccount) -> Sequence[str]:
        return [str(obj), obj.account_id, str(obj.customer or "")]

    @admin.display(description=_("account name"), ordering="name")
    def short_name(self, account: EcoAccount) -> str:
        return Truncator(account.name).chars(60) or str(_("(no name)"))

    @admin.display(description=_("customer"))
    def customer_shown(self, account: EcoAccount) -> str:
        if account.customer is not None:
            return linked(account.customer)
        if account.set_aside:
            return badge(_("set aside"))
        return badge(_("waits for a customer"), "warn")

    def title_badge(self, obj: EcoAccount) -> str:
        return self.customer_shown(obj) if obj.customer is None else ""

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
        return super().get_queryset(request).select_related("tenant", "customer", "in_question")

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("account"), linked),
            Column(_("customer"), self.customer_shown),
            Column(_("account type"), self.scope_in_words),
            Column(_("tenant"), lambda account: account.tenant),
        ]

    def waits_since(self, obj: EcoAccount) -> datetime | None:
        return obj.created_at if obj.customer_id is None else None

    def confirmation_context(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[EcoAccount]
    ) -> dict[str, Any]:
        if action is not release:
            return {}
        return {"stays": [(each, changes.consequences(each, bound_since(each))) for each in objects]}

    def page_context(self, request: HttpRequest, obj: EcoAccount) -> dict[str, Any]:
        revealed = self.is_revealed(request, obj)
        return {
            "values": shown_values(obj, masked=not revealed),
            "masked": not self.may_reveal(request, obj),
            "entries": entries_about(obj).filter(actor=None, action__in=EVENT_ACTIONS)[:EVENTS_SHOWN],
            "differences": shown_differences(obj, masked=not revealed),
            "history": shown_history(obj, masked=not revealed),
            "bind_url": bind_url(obj) if request.user.has_perm(BIND) else "",
        }


# --- Whose it is, and what changed


def bind_url(account: EcoAccount) -> str:
    page = reverse("admin:bindings_ecoaccount_change", args=[account.pk])
    asked: dict[str, Any] = {"account": account.pk, "back": page}
    if account.in_question_id:
        asked["customer"] = account.in_question_id
    return f"{reverse('admin:bindings_accounttobind_bind')}?{urlencode(asked)}"


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A line of the history: what was said of the account, and on what ground."""

    change: BindingChange
    how: str | Promise
    evidence: str


def shown_history(account: EcoAccount, *, masked: bool) -> list[ShownChange]:
    said = account.binding_changes.select_related("customer", "customer_before", "by", "event")
    return [
        ShownChange(
            each, HOW[each.how], evidence_in_words(each, _hidden if _is_hidden(each, masked) else str)
        )
        for each in said[:EVENTS_SHOWN]
    ]


def _is_hidden(change: BindingChange, masked: bool) -> bool:  # noqa: FBT001
    # Of a binding code the hint is kept, which everybody sees.
    return masked and change.kind != "binding_code"


def _hidden(value: str) -> str:
    return HIDDEN if value else value


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """What one more event about the account has changed."""

    binding: AccountBinding
    what: str | Promise
    before: str
    after: str


WHAT = {"name": _("account name"), "scope": _("account type"), "usages": _("used for")}


def shown_differences(account: EcoAccount, *, masked: bool) -> list[ShownDifference]:
    again = account.bindings.exclude(changes=[]).select_related("event").order_by("-pk")
    return [
        _difference(binding, change, masked=masked)
        for binding in again[:EVENTS_SHOWN]
        for change in binding.changes
    ]


def _difference(binding: AccountBinding, change: dict[str, Any], *, masked: bool) -> ShownDifference:
    before, after = change["before"], change["after"]
    if change["what"] == "field":
        shown = _hidden if masked else str
        texts = [shown(value) if value is not None else "–" for value in (before, after)]
        return ShownDifference(binding, change["key"], *texts)
    texts = [in_words(value) if isinstance(value, list) else str(value) for value in (before, after)]
    return ShownDifference(binding, WHAT[change["what"]], *texts)
