"""Referral accounts: who has one, what is in it, where that figure came from, and what can be done."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from math import ceil
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from hireops import contacts
from hireops.contacts import mask
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.confirming import Amount, Column
from hireops.desk.display import lines
from hireops.desk.errors import Refused
from hireops.desk.exporting import Exported
from hireops.desk.finding import last_digits
from hireops.desk.revealing import PROOF, VIEW, noted_for, shown_for
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.feishu.tenant_lists import filter_by_tenant, tenant_columns
from hireops.jobs.tasks import work
from referrals.accounts import notes, sweep
from referrals.accounts import services as accounts
from referrals.accounts.admin import page as account_page
from referrals.accounts.admin.actions import deactivate, enable, refresh
from referrals.accounts.admin.filters import (
    BalanceFilter,
    OldFigureFilter,
    OpenCaseFilter,
    OpenWithdrawalFilter,
)
from referrals.accounts.admin.forms import NotesForm
from referrals.ledger.assets import UNBROKEN
from referrals.ledger.confirming import AmountsInWords, account_columns
from referrals.ledger.exporting import (
    account_id_column,
    amount_columns,
    contact_columns,
    employee_column,
    known_assets,
)
from referrals.ledger.filters import CHOSEN_AMOUNT, asset_chosen
from referrals.models import POINTS, ReferralAccount, Withdrawal

CHANGE = "referrals.change_referralaccount"


def withdrawal_page(ids: Sequence[int]) -> str:
    """Where a withdrawal of these accounts is asked for."""
    return f"{reverse('admin:referrals_withdrawal_request')}?account={','.join(map(str, ids))}"


@admin.register(ReferralAccount)
class ReferralAccountAdmin(AmountsInWords, MirrorAdmin):
    help_page = "reward-accounts"
    empty_list = _(
        "Reward accounts of employees who refer candidates. One appears as soon as Feishu has made it "
        "for a registered employee."
    )
    amounts = ["points", "cash"]
    change_form_template = "admin/referrals/referralaccount/change_form.html"
    change_list_template = "admin/referrals/referralaccount/change_list.html"
    list_filter = [
        BalanceFilter,
        "status",
        "source",
        filter_by_tenant(),
        OpenWithdrawalFilter,
        OpenCaseFilter,
        OldFigureFilter,
    ]
    list_select_related = ["figure_call"]
    exact_search_fields = ["account_id"]
    contact_search_fields = {
        "mobile": contacts.read_mobile,
        "email": contacts.read_email,
        "name__startswith": str,
    }
    search_help_text = _("Account ID, mobile number in any spelling or email in full, or how the name begins")
    found_by = {"account_id": str, "account_id__endswith": last_digits, **contact_search_fields}
    found_by_words = search_help_text
    actions = []  # what other rooms do with accounts, they add here
    staff_actions = [refresh, enable, deactivate]
    reveal_permission = VIEW

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReferralAccount]:
        return super().get_queryset(request).select_related("tenant").prefetch_related("balances")

    def has_request_withdrawal_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.request_withdrawal")

    # --- The list

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        @admin.display(description=_("employee"))
        def employee(account: ReferralAccount) -> SafeString:
            name = mask(account.name) or gettext("(no name)")
            return format_html('{}<br><span class="account-number">{}</span>', name, account.account_id)

        @admin.display(description=_("contact"))
        def contact(account: ReferralAccount) -> SafeString:
            return lines(mask(text) for text in (account.mobile, account.email) if text)

        @cache  # asks the database for the time: once for the page, not once for each row
        def old_before() -> datetime:
            return accounts.old_before()

        @admin.display(description=_("as of"))
        def as_of(account: ReferralAccount) -> SafeString:
            moment = account_page.as_of(account, old_before()) or self.get_empty_value_display()
            return lines([moment, account_page.source_of(account, request.user)])

        return [employee, contact, "status_shown", "points", "cash", as_of, *tenant_columns()]

    def get_sortable_by(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        asset = asset_chosen(request, BalanceFilter.name)
        return ["points" if asset == POINTS else "cash"] if asset else []

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        def held(account: ReferralAccount) -> Iterable[Amount]:
            return ((balance.asset, balance.amount) for balance in account.balances.all())

        points, *cash = amount_columns(held, known_assets())
        return {
            "employee": [
                employee_column(lambda account: account.name),
                account_id_column(lambda account: account),
            ],
            "contact": contact_columns(lambda account: (account.mobile, account.email)),
            "points": [points],
            "cash": cash,
            "as_of": [Exported(gettext("as of"), lambda account: account.figure_at)],
        }

    def found_as(self, obj: ReferralAccount) -> Sequence[str]:
        return [mask(obj.name) or obj.account_id, obj.account_id, mask(obj.mobile), mask(obj.email)]

    @admin.display(description=_("status"))
    def status_shown(self, account: ReferralAccount) -> SafeString:
        return account_page.status_badge(account)

    @admin.display(description=_("points"), ordering=CHOSEN_AMOUNT)
    def points(self, account: ReferralAccount) -> str:
        return account_page.figures(account)[0].amount

    @admin.display(description=_("cash"), ordering=CHOSEN_AMOUNT)
    def cash(self, account: ReferralAccount) -> SafeString:
        cash = account_page.figures(account)[1:]
        return lines(f"{figure.name}{UNBROKEN}{figure.amount}" for figure in cash)

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        may_ask = refresh.is_open_to(request.user)
        return {"ask_for_all_url": self._url("ask_for_all") if may_ask else ""}

    @staff_page("ask_for_all/", name="ask_for_all", permission=refresh.permission)
    def ask_for_all_view(self, request: HttpRequest) -> HttpResponse:
        """A POST lets the sweep ask for all enabled accounts."""
        if request.method == "POST":
            count = sweep.ask_for_all(by=staff(request))
            ring(work)
            messages.success(request, _duration_of_sweep(count))
        return HttpResponseRedirect(self._url("changelist"))

    # --- One account

    def page_context(self, request: HttpRequest, obj: ReferralAccount) -> dict[str, Any]:
        context = account_page.context(obj, request.user, shown_for(request, obj))
        if name := context["employee"]["name"]:
            context["title"] = name
        context["title_badge"] = context.pop("badge")
        context["notes"] = noted_for(request, obj)(obj.notes)
        context["notes_url"] = self._notes_url(request, obj)
        if self.has_request_withdrawal_permission(request):
            context["withdrawal_url"] = withdrawal_page([obj.pk])
        return context

    def waiting(self, request: HttpRequest, obj: ReferralAccount) -> Waiting:
        return account_page.waiting(obj)

    # --- Notes

    def _notes_url(self, request: HttpRequest, account: ReferralAccount) -> str:
        """Where who may write them does; with the proof that the person was shown, if there is one."""
        if not request.user.has_perm(CHANGE) or account.emptied_at:
            return ""
        shown = {PROOF: request.GET[PROOF]} if self.is_revealed(request, account) else {}
        return f"{self._url('notes', account.pk)}{'?' if shown else ''}{urlencode(shown)}"

    @staff_page("<int:pk>/notes/", name="notes", permission=CHANGE)
    def notes_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account: ReferralAccount | None = self.get_object(request, str(pk))
        if account is None:
            raise Http404
        page = HttpResponseRedirect(self._url("change", account.pk))
        if request.method != "POST" and noted_for(request, account)(account.notes) != account.notes:
            text = _(
                "The notes name somebody's number or address. Show personal data first, then change them."
            )
            messages.warning(request, text)
            return page
        form = NotesForm(request.POST or None, initial={"notes": account.notes})
        if request.method == "POST" and form.is_valid():
            try:
                notes.keep_notes(account, by=staff(request), **form.told())
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Kept."))
                return page
        template = "admin/referrals/referralaccount/notes.html"
        return self.render_form(
            request, template, title=_("Notes"), form=form, account=account, back=page.url
        )

    # --- Confirming

    def fetch_for(self, action: StaffAction, objects: Sequence[Any]) -> None:
        accounts.fetch_pending_statuses(objects)
        open_ones = Withdrawal.objects.filter(state__in=Withdrawal.OPEN)
        prefetch_related_objects(list(objects), Prefetch("withdrawals", open_ones))

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        old_before = accounts.old_before()
        return [
            *account_columns(lambda account: account),
            Column(_("status"), self.status_shown),
            Column(_("as of"), lambda account: account_page.as_of(account, old_before)),
        ]

    def confirm_amounts(self, action: StaffAction, obj: ReferralAccount) -> Iterable[Amount]:
        """What is known to be in it."""
        return [(balance.asset, balance.amount) for balance in obj.balances.all() if balance.amount > 0]

    def confirmation_context(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> dict[str, Any]:
        """That of a deactivation says first that something would be left in the accounts."""
        left = action is deactivate and any(any(self.confirm_amounts(action, each)) for each in objects)
        return {"left": left}


def _duration_of_sweep(count: int) -> str:
    minutes = ceil(count / sweep.MOST_SWEPT)
    return ngettext(
        "To be asked for: %(count)s enabled accounts. hireops does so bit by bit, at the pace that Feishu "
        "allows: about %(minutes)s minute. You need not stay on this page.",
        "To be asked for: %(count)s enabled accounts. hireops does so bit by bit, at the pace that Feishu "
        "allows: about %(minutes)s minutes. You need not stay on this page.",
        minutes,
    ) % {"count": count, "minutes": minutes}
