"""What each account offers at Feishu, compared with what it is to offer: a list, and one picture of each."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from bindings.customers.admin.customers import TierFilter
from bindings.models import AccountOffer, Customer, EcoAccount
from bindings.offers import choosing, runs, services, texts
from bindings.offers.admin import called, grouped, looked_at, picture
from bindings.offers.admin.page import outdated_message
from bindings.offers.choosing import Recipient
from bindings.offers.forms import OfferedWhatForm
from hireops.desk.actions import CONFIRM_FORM, StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import linked, state_badge
from hireops.desk.errors import Refused
from hireops.desk.language import is_being_switched
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.jobs.tasks import work
from hireops.outbox.tasks import drain
from hireops.outbox.watching import facts_of

SEND, CHOOSE = "bindings.send_accountoffer", "bindings.choose_offer"
State = AccountOffer.State
CALLS_SHOWN = 20
MOST_AT_ONCE = 5_000
MOST_DIGITS = 18

MEANINGS = {
    State.UP_TO_DATE: gettext_lazy("Feishu has what this account is to offer. There is nothing to do."),
    State.OUT_OF_DATE: gettext_lazy(
        "What Feishu has differs from what this account is to offer. Look at what will change, and send it."
    ),
    State.UPDATING: gettext_lazy(
        "The account is being brought up to date. There is nothing to do: this page shows what becomes of it."
    ),
    State.IN_DOUBT: gettext_lazy(
        "A call about this account was not answered, so nobody knows what Feishu has done with it. Bring the "
        "account up to date: what is in doubt is sent again in a way that does no harm."
    ),
    State.REFUSED: gettext_lazy("Feishu has not taken the change. Below is why, and what to do."),
}


@staff_action(
    permission=SEND,
    label=gettext_lazy("Stop sending"),
    confirm=gettext_lazy(
        "Nothing more of what is owed to the account is sent. What Feishu has taken already stays as it is, "
        "and the account is not up to date until somebody brings it there again."
    ),
    reason_required=True,
    offered=lambda offer: bool(offer.state == State.UPDATING),
    counted=ngettext_lazy("Stop sending to %(count)s account", "Stop sending to %(count)s accounts", "count"),
)
def stop(offer: AccountOffer, *, by: User, reason: str) -> None:
    services.stop(offer.account, by=by, reason=reason)


class CustomerTierFilter(TierFilter):
    parameter_name = "account__customer__tier"


@admin.register(AccountOffer)
class AccountOfferAdmin(MirrorAdmin):
    help_page = "offers#send"
    empty_list = gettext_lazy(
        "What each bound account offers at Feishu, and whether that is up to date. Bind accounts to "
        "customers first."
    )
    change_list_template = "admin/bindings/accountoffer/change_list.html"
    change_form_template = "admin/bindings/accountoffer/change_form.html"
    list_display = [
        "account_shown",
        "customer_shown",
        "scope_shown",
        "state_shown",
        "confirmed_at",
        "asked_by",
    ]
    list_filter = ["state", "account__scope", CustomerTierFilter]
    list_select_related = ["account__customer", "asked_by"]
    exact_search_fields = ["account__account_id", "account__customer__code"]
    search_fields = ["account__name", "account__customer__name"]
    search_help_text = gettext_lazy(
        "Part of the account's or the customer's name, or the account ID or the customer code in full"
    )
    linked_by = ["account__customer"]
    staff_actions = [stop]
    actions = ["bring_up_to_date"]
    fields = []

    # --- The list

    @admin.display(description=gettext_lazy("account"))
    def account_shown(self, offer: AccountOffer) -> str:
        return str(offer.account)

    @admin.display(description=gettext_lazy("customer"))
    def customer_shown(self, offer: AccountOffer) -> str:
        return linked(offer.account.customer)

    @admin.display(description=gettext_lazy("account type"))
    def scope_shown(self, offer: AccountOffer) -> str:
        return str(offer.account.get_scope_display() or "–")

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        prefetch_related_objects(objects, "account__customer")
        return [
            Column(gettext_lazy("account"), linked),
            Column(gettext_lazy("customer"), self.customer_shown),
            Column(gettext_lazy("state"), self.state_shown),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if not request.user.has_perm(SEND):
            actions.pop("bring_up_to_date", None)
        return actions

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        chooses = request.user.has_perm(CHOOSE)
        return {
            "update_all_url": self._url("update") if request.user.has_perm(SEND) else "",
            "tiers": choosing.tiers() if chooses else [],
        }

    # --- One account: what it offers now and after

    def page_context(self, request: HttpRequest, obj: AccountOffer) -> dict[str, Any]:
        preview = services.preview(obj.account)
        then = request.session.pop(_session_key(obj), "")
        return {
            "account": obj.account,
            "customer": obj.account.customer,
            "preview": preview,
            "plan": preview.plan,
            "counts": picture.summary(preview.plan),
            "today": picture.today(preview.plan),
            "after": picture.after(preview.plan),
            "planned": picture.calls(obj.account, preview.plan),
            "badge": state_badge(State(obj.state)),
            "tone": State(obj.state).tone,
            "meaning": MEANINGS[State(obj.state)],
            "reason": texts.reason_text(obj.reason, obj.error_code),
            "is_updating": obj.state == State.UPDATING,
            "calls": [
                called.of(call) for call in obj.calls.select_related("call").order_by("-pk")[:CALLS_SHOWN]
            ],
            "since": looked_at.since(then, preview) if then else None,
            "looked_at": looked_at.sealed(preview),
            "send_url": self._url("send", obj.pk) if request.user.has_perm(SEND) else "",
            "choose_url": self._url("choose_account", obj.account_id)
            if request.user.has_perm(CHOOSE)
            else "",
        }

    def waiting(self, request: HttpRequest, obj: AccountOffer) -> Waiting:
        state = State(obj.state)
        kept = obj.calls.select_related("call").order_by("-pk")[:CALLS_SHOWN]
        facts = facts_of(*(each.call for each in kept))
        return Waiting(str(state.label), facts, is_over=state != State.UPDATING)

    @staff_page("<int:offer_id>/send/", name="send", permission=SEND)
    def send_view(self, request: HttpRequest, offer_id: int) -> HttpResponse:
        """Owes Feishu what the person has just looked at; whatever stands against it is said on the page."""
        offer = get_object_or_404(AccountOffer.objects.select_related("account"), pk=offer_id)
        back = HttpResponseRedirect(self._url("change", offer.pk))
        if request.method != "POST":
            return back
        try:
            _removals_confirmed(request, offer.account)
            services.bring_up_to_date(
                offer.account,
                by=staff(request),
                fingerprint=request.POST.get("fingerprint", ""),
                empties=_number(request.POST.get("empties", "")),
            )
        except services.PlanChangedError as reason:
            request.session[_session_key(offer)] = request.POST.get("looked_at", "")
            self.message_user(request, str(reason), messages.ERROR)
        except Refused as reason:
            self.message_user(request, str(reason), messages.ERROR)
        else:
            ring(drain)
        return back

    # --- Many accounts

    @admin.action(description=gettext_lazy("Bring up to date"))
    def bring_up_to_date(self, request: HttpRequest, queryset: QuerySet[AccountOffer]) -> HttpResponse:
        """Of the list's menu: what it would do with those that were chosen."""
        return self._run_page(request, _accounts_of(queryset))

    @staff_page("update/", name="update", permission=SEND)
    def update_view(self, request: HttpRequest) -> HttpResponse:
        """What bringing all accounts up to date would do; a POST does it with those that were shown."""
        if request.method != "POST":
            waiting = AccountOffer.objects.filter(state__in=[State.OUT_OF_DATE, State.IN_DOUBT])
            return self._run_page(request, _accounts_of(waiting))
        accounts = [_number(each) for each in request.POST.get("accounts", "").split(",")][:MOST_AT_ONCE]
        if is_being_switched(request):
            return self._run_page(request, accounts)
        try:
            run = runs.bring_all_up_to_date(
                _accounts(accounts),
                by=staff(request),
                fingerprint=request.POST.get("fingerprint", ""),
                deletes=_number(request.POST.get("deletes", "")),
            )
        except Refused as reason:
            self.message_user(request, str(reason), messages.ERROR)
            return self._run_page(request, accounts)
        ring(work)
        return HttpResponseRedirect(reverse("admin:bindings_offerrun_change", args=[run.pk]))

    def _run_page(self, request: HttpRequest, accounts: Sequence[int]) -> HttpResponse:
        preview = runs.preview_run(_accounts(accounts))
        return self.render_page(
            request,
            "admin/bindings/accountoffer/update.html",
            title=_("Bring accounts up to date"),
            preview=preview,
            groups=[grouped.of(rows, members) for rows, members in preview.groups[: grouped.SHOWN]],
            more_groups=max(len(preview.groups) - grouped.SHOWN, 0),
            blocked=[(each, " ".join(each.why_not)) for each in preview.blocked[: grouped.ACCOUNTS_SHOWN]],
            more_blocked=max(len(preview.blocked) - grouped.ACCOUNTS_SHOWN, 0),
            sent_along=",".join(str(pk) for pk in accounts),
            update_url=self._url("update"),
            typed=request.POST.get("deletes", ""),
            form_sent_again=CONFIRM_FORM if preview.accounts else "",
            most=MOST_AT_ONCE if len(accounts) == MOST_AT_ONCE else 0,
        )

    # --- Choosing what is offered

    @staff_page("choose/account/<int:pk>/", name="choose_account", permission=CHOOSE)
    def choose_account_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(EcoAccount.objects.select_related("customer"), pk=pk)
        back = reverse("admin:bindings_ecoaccount_change", args=[pk])
        return self._choose(request, account, str(account), back)

    @staff_page("choose/customer/<int:pk>/", name="choose_customer", permission=CHOOSE)
    def choose_customer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=pk)
        back = reverse("admin:bindings_customer_change", args=[pk])
        return self._choose(request, customer, str(customer), back)

    @staff_page("choose/tier/<path:tier>/", name="choose_tier", permission=CHOOSE)
    def choose_tier_view(self, request: HttpRequest, tier: str) -> HttpResponse:
        if tier not in choosing.tiers():
            raise Http404
        return self._choose(request, tier, _("the tier %(tier)s") % {"tier": tier}, self._url("changelist"))

    def _choose(self, request: HttpRequest, to: Recipient, name: str, back: str) -> HttpResponse:
        form = OfferedWhatForm(request.POST or None, to=to)
        if request.method == "POST" and form.is_valid():
            added, removed = form.choices()
            try:
                count = choosing.choose(offered=added, withdrawn=removed, by=staff(request))
            except Refused as reason:
                self.message_user(request, str(reason), messages.ERROR)
            else:
                self.message_user(request, outdated_message(count))
                return HttpResponseRedirect(_after_choosing(to) or back)
        return self.render_page(
            request,
            "admin/bindings/accountoffer/choose.html",
            title=_("What is offered to %(name)s") % {"name": name},
            lead=LEADS[type(to)],
            form=form,
            back=back,
        )


LEADS: dict[type, str | Promise] = {
    EcoAccount: gettext_lazy(
        "What is ticked is offered to this account by itself, beside what its customer and its tier are "
        "offered. Nothing is sent by saving."
    ),
    Customer: gettext_lazy(
        "What is ticked is offered to all accounts of this customer, also those that come later: packages "
        "and items to those for background checks, papers to those for exams. Nothing is sent by saving."
    ),
    str: gettext_lazy(
        "What is ticked is offered to all accounts of all customers of this tier, also those that come "
        "later. Nothing is sent by saving."
    ),
}


def _after_choosing(to: Recipient) -> str:
    """The picture of the account, if the choice was about one."""
    offer = AccountOffer.objects.filter(account=to).first() if isinstance(to, EcoAccount) else None
    return reverse("admin:bindings_accountoffer_change", args=[offer.pk]) if offer else ""


def _removals_confirmed(request: HttpRequest, account: EcoAccount) -> None:
    """Whoever lets things go has said so, by their number, unless all go, which is asked for by itself."""
    preview = services.preview(account)
    goes = preview.plan.deletes
    is_fresh = preview.fingerprint == request.POST.get("fingerprint")
    said = preview.asks_for or _number(request.POST.get("removes", "")) == goes
    if is_fresh and goes and not said:
        raise Refused(
            _("Nothing was sent: tick on the page that %(count)d go, if that is meant.") % {"count": goes}
        )


def _accounts_of(offers: QuerySet[AccountOffer]) -> list[int]:
    return list(offers.order_by("pk").values_list("account_id", flat=True)[:MOST_AT_ONCE])


def _accounts(pks: Sequence[int]) -> QuerySet[EcoAccount]:
    return EcoAccount.objects.filter(pk__in=pks).select_related("tenant", "customer").order_by("pk")


def _session_key(offer: AccountOffer) -> str:
    return f"offer-looked-at-{offer.pk}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0
