"""Referral accounts: who has one, what is in it, where that figure came from, and what can be done."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from math import ceil
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from hireops import contacts
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action
from hireops.desk.display import lines
from hireops.desk.masking import mask, may_see_personal_data
from hireops.doorbell import ring
from hireops.outbox.tasks import drain
from referrals.accounts import services as accounts
from referrals.accounts import sweep
from referrals.accounts.admin import page as account_page
from referrals.accounts.tasks import sweep_accounts
from referrals.models import Case, ReferralAccount, Withdrawal

Status = ReferralAccount.Status


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  the admin lets nobody else in
    return request.user


# --- What can be done


@staff_action(
    permission="referrals.refresh_referralaccount",
    label=_("Refresh from Feishu"),
    confirm=_("Feishu is asked what is in these accounts now. Its answer is the balance from then on."),
)
def refresh(request: HttpRequest, account: ReferralAccount, reason: str) -> None:
    accounts.refresh(account, by=_person(request))
    ring(drain)


@staff_action(
    permission="referrals.switch_referralaccount",
    label=_("Enable"),
    confirm=_(
        "Feishu announces changes of these accounts again and lets their balances be withdrawn. hireops then "
        "asks for the balances, because what changed meanwhile was not announced."
    ),
    reason_required=True,
    offered=lambda account: accounts.pending_status(account) != Status.AVAILABLE,
)
def enable(request: HttpRequest, account: ReferralAccount, reason: str) -> None:
    accounts.enable(account, by=_person(request), reason=reason)
    ring(drain)


@staff_action(
    permission="referrals.switch_referralaccount",
    label=_("Deactivate"),
    confirm=_(
        "From then on Feishu announces no changes of these accounts, and nothing can be withdrawn from them "
        "until they are enabled again."
    ),
    reason_required=True,
    dangerous=True,
    offered=lambda account: accounts.pending_status(account) == Status.AVAILABLE,
)
def deactivate(request: HttpRequest, account: ReferralAccount, reason: str) -> None:
    accounts.deactivate(account, by=_person(request), reason=reason)
    ring(drain)


def withdrawal_page(ids: Sequence[int]) -> str:
    """Where a withdrawal of these accounts is asked for."""
    return f"{reverse('admin:referrals_withdrawal_request')}?account={','.join(map(str, ids))}"


# --- What the list can be narrowed to


class _OneChoiceFilter(admin.SimpleListFilter):
    """A filter with a single choice beside "all"."""

    choice: Any = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", self.choice)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=self.found()) if self.value() == "yes" else queryset

    def found(self) -> Any:
        """The ids of the accounts."""
        raise NotImplementedError


class OpenWithdrawalFilter(_OneChoiceFilter):
    title = _("open withdrawal")
    parameter_name = "open_withdrawal"
    choice = _("with an open withdrawal")

    def found(self) -> Any:
        return Withdrawal.objects.filter(state__in=Withdrawal.OPEN).values("account")


class OpenCaseFilter(_OneChoiceFilter):
    title = _("open case")
    parameter_name = "open_case"
    choice = _("with an open case")

    def found(self) -> Any:
        return Case.objects.filter(closed_at=None).values("account")


class OldFigureFilter(_OneChoiceFilter):
    title = _("freshness")
    parameter_name = "old"
    choice = _("enabled, with an old figure")

    def found(self) -> Any:
        return accounts.old_figures().values("pk")


# --- Accounts


@admin.register(ReferralAccount)
class ReferralAccountAdmin(MirrorAdmin):
    change_form_template = "admin/referrals/referralaccount/change_form.html"
    change_list_template = "admin/referrals/referralaccount/change_list.html"
    list_filter = ["status", "source", OpenWithdrawalFilter, OpenCaseFilter, OldFigureFilter]
    list_select_related = ["figure_call"]
    exact_search_fields = ["account_id", "mobile", "email", "name"]
    search_help_text = _("Account ID, mobile number in any spelling or email in full, or how the name begins")
    actions = []  # what other rooms do with accounts, they add here
    staff_actions = [refresh, enable, deactivate]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferralAccount]:
        return super().get_queryset(request).select_related("tenant").prefetch_related("balances")

    def has_request_withdrawal_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.request_withdrawal")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.ask_for_all_view)
        own = [path("ask_for_all/", view, name="referrals_referralaccount_ask_for_all")]
        return [*own, *super().get_urls()]

    # --- The list

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        shown = str if may_see_personal_data(request.user) else mask

        @admin.display(description=_("employee"))
        def employee(account: ReferralAccount) -> SafeString:
            name = shown(account.name) or gettext("(no name)")
            return format_html('{}<br><span class="account-number">{}</span>', name, account.account_id)

        @admin.display(description=_("contact"))
        def contact(account: ReferralAccount) -> SafeString:
            return lines(shown(text) for text in (account.mobile, account.email) if text)

        @cache  # asks the database for the time: once for the page, not once for each row
        def old_before() -> datetime:
            return accounts.old_before()

        @admin.display(description=_("as of"))
        def as_of(account: ReferralAccount) -> SafeString:
            moment = account_page.as_of(account, old_before()) or self.get_empty_value_display()
            return lines([moment, account_page.source_of(account, request.user)])

        return [employee, contact, "status_shown", "points", "cash", as_of]

    @admin.display(description=_("status"))
    def status_shown(self, account: ReferralAccount) -> SafeString:
        return account_page.status_badge(account)

    @admin.display(description=_("points"))
    def points(self, account: ReferralAccount) -> str:
        return account_page.figures(account)[0].amount

    @admin.display(description=_("cash"))
    def cash(self, account: ReferralAccount) -> SafeString:
        return lines(f"{figure.name} {figure.amount}" for figure in account_page.figures(account)[1:])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ReferralAccount], search_term: str
    ) -> tuple[QuerySet[ReferralAccount], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        rows = ReferralAccount.objects.order_by()
        # One query for each column, so that each uses its index.
        found = [
            rows.filter(**{column: text}).values("pk") for column, text in _looked_for(term, request.user)
        ]
        return queryset.filter(pk__in=found[0].union(*found[1:])), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        ask_url = reverse("admin:referrals_referralaccount_ask_for_all")
        context = {"ask_for_all_url": ask_url if refresh.allowed(request.user) else ""}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def ask_for_all_view(self, request: HttpRequest) -> HttpResponse:
        """A POST lets the sweep ask for all enabled accounts."""
        if not (refresh.allowed(request.user) and self.has_view_permission(request)):
            raise PermissionDenied
        if request.method == "POST":
            count = sweep.ask_for_all(by=_person(request))
            ring(sweep_accounts)
            messages.success(request, _told_of_all(count))
        return HttpResponseRedirect(reverse("admin:referrals_referralaccount_changelist"))

    # --- One account

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        account = self.get_object(request, object_id)
        context = account_page.context(account, request.user) if account else {}
        if account and self.has_request_withdrawal_permission(request):
            context["withdrawal_url"] = withdrawal_page([account.pk])
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        page = super().render_change_form(request, context, *args, **kwargs)
        if isinstance(page, TemplateResponse) and page.context_data and context.get("employee"):
            page.context_data["title"] = context["employee"]["name"] or context["title"]
        return page

    def _ask(self, request: HttpRequest, action: StaffAction, objects: list[Any], *args: Any) -> HttpResponse:
        """The confirmation of a deactivation says first what would be left in the accounts."""
        page = super()._ask(request, action, objects, *args)
        if action is deactivate and isinstance(page, TemplateResponse):
            page.template_name = "admin/referrals/referralaccount/deactivate.html"
            page.context_data = {**(page.context_data or {}), "left": account_page.left_in(objects)}
        return page


def _looked_for(term: str, user: User | AnonymousUser) -> list[tuple[str, str]]:
    """Columns and what to look for in them: for who may not see names and contacts, none of these."""
    if not may_see_personal_data(user):
        return [("account_id", term)]
    found = [("account_id", term), ("name__startswith", term), ("email", term.lower())]
    with suppress(contacts.UnreadableContactError):
        if mobile := contacts.read_mobile(term):
            found.append(("mobile", mobile))
    return found


def _told_of_all(count: int) -> str:
    minutes = ceil(count / sweep.MOST_SWEPT)
    return ngettext(
        "To be asked for: %(count)s enabled accounts. hireops does so bit by bit, at the pace that Feishu "
        "allows: about %(minutes)s minute. You need not stay on this page.",
        "To be asked for: %(count)s enabled accounts. hireops does so bit by bit, at the pace that Feishu "
        "allows: about %(minutes)s minutes. You need not stay on this page.",
        minutes,
    ) % {"count": count, "minutes": minutes}


# --- Their history
