"""Which order form each account is to have, how it stands at Feishu, and bringing it up to date."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from bindings.fields.admin import form_picture
from bindings.models import AccountOrderForm, EcoAccount, Scope
from bindings.order_forms import lists, pushes, services
from bindings.order_forms.admin.forms import ChooseForm, PushForm
from bindings.order_forms.models import digest_of
from bindings.order_forms.texts import CONSEQUENCES, ROADS, reasons
from hireops.desk import sections
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked
from hireops.desk.errors import Refused
from hireops.desk.sections import Section
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.outbox.tasks import drain
from hireops.outbox.watching import facts_of

CHANGE, PUSH = "bindings.change_orderform", "bindings.push_orderform"
PUSHES_SHOWN = 20

Standing = AccountOrderForm.Standing


class StandsFilter(admin.SimpleListFilter):
    title = gettext_lazy("state at Feishu")
    parameter_name = "stands"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("out_of_date", gettext_lazy("out of date")),
            ("up_to_date", gettext_lazy("up to date")),
            ("on_its_way", gettext_lazy("on its way")),
            ("look", gettext_lazy("refused or in doubt")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "out_of_date":
                return lists.out_of_date(among=queryset)
            case "up_to_date":
                return lists.up_to_date(among=queryset)
            case "on_its_way":
                return queryset.filter(standing=Standing.ON_ITS_WAY)
            case "look":
                return queryset.filter(standing__in=[Standing.IN_DOUBT, Standing.REFUSED])
        return queryset


def stands(row: AccountOrderForm) -> SafeString:
    """A badge that says how the account's form at Feishu compares with the one defined here."""
    if row.standing != Standing.SETTLED:
        state = Standing(row.standing)
        return badge(state.label, state.tone)
    wished = row.form.digest if row.form else ""
    if row.digest != wished:
        return badge(_("out of date"), "warn")
    return badge(_("up to date"), "ok") if wished else badge(_("no order form"))


@staff_action(
    permission=PUSH,
    label=gettext_lazy("Push the order form"),
    confirm=gettext_lazy(
        "Each of these accounts gets its order form by the gentlest road: texts alone are updated; for "
        "anything else the form is deleted and created with new keys, and customers order without a form "
        "for a moment. Orders that were placed already keep their answers. The page of each account shows "
        "the road."
    ),
    has_own_button=True,  # its own page shows the form of today and after first
    counted=ngettext_lazy(
        "Push the order form of %(count)s account", "Push the order forms of %(count)s accounts", "count"
    ),
)
def push_order_form(row: AccountOrderForm, *, by: User, reason: str) -> None:
    pushes.push(row.account, by=by)
    ring(drain)


@admin.register(AccountOrderForm)
class AccountOrderFormAdmin(MirrorAdmin):
    help_page = "order-forms#push"
    empty_list = gettext_lazy(
        "Which order form each account has, and whether Feishu has it. Choose accounts on the page of "
        "an order form."
    )
    change_form_template = "admin/bindings/accountorderform/change_form.html"
    staff_actions = [push_order_form]
    list_display = ["account_name", "customer", "form", "stands_shown", "push_link", "updated_at"]
    list_filter = [StandsFilter, "form"]
    list_select_related = ["account__customer", "form", "push"]
    search_fields = ["account__name", "account__customer__name"]
    exact_search_fields = ["account__account_id", "account__customer__code"]
    search_help_text = gettext_lazy("Account name, customer, or the account ID or customer code in full")
    fieldsets = [(None, {"fields": ["account_link", "customer", "form_link", "stands_shown", "push_link"]})]

    @admin.display(description=gettext_lazy("account"))
    def account_name(self, row: AccountOrderForm) -> str:
        return str(row.account)

    @admin.display(description=gettext_lazy("customer"))
    def customer(self, row: AccountOrderForm) -> str:
        return str(row.account.customer or "–")

    @admin.display(description=gettext_lazy("state at Feishu"))
    def stands_shown(self, row: AccountOrderForm) -> SafeString:
        return stands(row)

    @admin.display(description=gettext_lazy("account"))
    def account_link(self, row: AccountOrderForm) -> str:
        return linked(row.account)

    @admin.display(description=gettext_lazy("order form"))
    def form_link(self, row: AccountOrderForm) -> str:
        return linked(row.form)

    @admin.display(description=gettext_lazy("last push"))
    def push_link(self, row: AccountOrderForm) -> str:
        return linked(row.push)

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(gettext_lazy("account"), linked),
            Column(gettext_lazy("customer"), self.customer),
            Column(gettext_lazy("order form"), self.form_link),
            Column(gettext_lazy("state at Feishu"), self.stands_shown),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccountOrderForm]:
        return super().get_queryset(request).select_related("account__customer", "form", "push")

    def page_context(self, request: HttpRequest, obj: AccountOrderForm) -> dict[str, Any]:
        return {
            **what_stands(obj),
            "push_url": self._url("push", obj.account_id) if request.user.has_perm(PUSH) else "",
            "choose_url": self._url("choose", obj.account_id) if request.user.has_perm(CHANGE) else "",
        }

    def waiting(self, request: HttpRequest, obj: AccountOrderForm) -> Waiting:
        standing = Standing(obj.standing)
        facts = facts_of(*obj.push.calls) if obj.push else ()
        return Waiting(str(standing.label), facts, is_over=standing != Standing.ON_ITS_WAY)

    # --- Which form the account is to have

    @staff_page("of/<int:account_id>/choose/", name="choose", permission=CHANGE)
    def choose_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        account = _check_account(account_id)
        row = AccountOrderForm.objects.filter(account=account).first()
        form = ChooseForm(request.POST or None, initial={"form": row.form_id if row else None})
        if request.method == "POST" and form.is_valid():
            try:
                services.choose_form([account], form=form.cleaned_data["form"], by=staff(request))
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                return HttpResponseRedirect(self._url("push", account.pk))
        title = _("Order form of “%(account)s”") % {"account": account}
        return self.render_form(
            request, "admin/bindings/accountorderform/choose.html", title=title, form=form, account=account
        )

    # --- Bringing it up to date

    @staff_page("of/<int:account_id>/push/", name="push", permission=PUSH)
    def push_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """The form of today and after, and the road there; a POST takes it."""
        account = _check_account(account_id)
        if request.method == "POST":
            form = PushForm(request.POST)
            if form.is_valid() and self._push(request, account, form):
                row = AccountOrderForm.objects.get(account=account)
                return HttpResponseRedirect(self._url("change", row.pk))
        anew = "anew" in request.GET or bool(request.POST.get("anew"))
        return self._push_page(request, account, anew=anew)

    def _push(self, request: HttpRequest, account: EcoAccount, form: PushForm) -> bool:
        asked = form.cleaned_data
        try:
            pushes.push(account, by=staff(request), fingerprint=asked["fingerprint"], anew=asked["anew"])
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return False
        ring(drain)
        return True

    def _push_page(self, request: HttpRequest, account: EcoAccount, *, anew: bool) -> HttpResponse:
        row = AccountOrderForm.objects.filter(account=account).select_related("form", "account").first()
        seen = pushes.preview(row or AccountOrderForm(account=account), anew=anew)
        difference = seen.difference
        return self.render_page(
            request,
            "admin/bindings/accountorderform/push.html",
            title=_("Order form of “%(account)s”") % {"account": account},
            account=account,
            preview=seen,
            anew=anew,
            road=ROADS[seen.plan.road],
            consequence=CONSEQUENCES[seen.plan.road],
            why=reasons([why.value for why in seen.plan.why]),
            reasons=pushes.reasons_not_to_push(seen),
            counts=form_picture.summary(difference),
            today=form_picture.draw_today(difference),
            after=form_picture.draw_after(difference),
            form=PushForm(initial={"fingerprint": seen.fingerprint, "anew": anew}),
            title_today=_("What customers see today, as last confirmed"),
            title_after=_("What they see after the push"),
            empty_today=_("No order form."),
            empty_after=_("No order form."),
            choose_url=self._url("choose", account.pk) if request.user.has_perm(CHANGE) else "",
        )


def _check_account(pk: int) -> EcoAccount:
    account = EcoAccount.objects.filter(pk=pk, scope=Scope.BACKGROUND_CHECK).first()
    if account is None:
        raise Http404
    return account


def what_stands(row: AccountOrderForm) -> dict[str, Any]:
    """What the page of an account's order form shows: how it stands, what to do, and its pushes."""
    wished = row.form.as_planned() if row.form else ()
    out_of_date = row.standing == Standing.SETTLED and row.digest != digest_of(wished)
    pushed = row.account.order_form_pushes.select_related("deletion", "sending", "created_by", "form")
    return {
        "row": row,
        "badge": stands(row),
        "tone": "warn" if out_of_date else Standing(row.standing).tone,
        "meaning": _("Customers see another form than the one defined here.")
        if out_of_date
        else MEANINGS[Standing(row.standing)],
        "in_gap": in_gap(row),
        "pushes": pushed.order_by("-pk")[:PUSHES_SHOWN],
        "drawn": form_picture.draw(wished),
        "picture_title": _("The form that the account is to have"),
        "picture_empty": _("No order form."),
    }


def in_gap(row: AccountOrderForm) -> bool:
    """Whether the old form is deleted and the new one not yet there."""
    push = row.push
    if push is None or push.deletion is None or push.sending is None:
        return False
    return push.deletion.answer is not None and push.sending.answer is None


MEANINGS = {
    Standing.SETTLED: gettext_lazy("Feishu shows customers what is defined here."),
    Standing.ON_ITS_WAY: gettext_lazy(
        "The form is on its way to Feishu. There is nothing to do: this page shows what becomes of it."
    ),
    Standing.IN_DOUBT: gettext_lazy(
        "hireops has stopped trying, and it is not certain which form customers see. Look at the account in "
        "Feishu if you can; then push again: the road that is offered is right whichever form is there. If "
        "an update keeps failing, choose to delete the form and create it anew."
    ),
    Standing.REFUSED: gettext_lazy(
        "Feishu has refused the form. The last push below says why. Correct what it names and push again; "
        "if it says that the account has a form already and pushing does not help, ask Feishu's support "
        "with the log ID."
    ),
}


def section(request: HttpRequest, account: EcoAccount) -> Section | None:
    """The order form, on the page of a background-check account."""
    if account.scope != Scope.BACKGROUND_CHECK or not request.user.has_perm("bindings.view_accountorderform"):
        return None
    row = AccountOrderForm.objects.filter(account=account).select_related("form", "push").first()
    url = "admin:bindings_accountorderform"
    return Section(
        title=_("Order form"),
        template="admin/bindings/accountorderform/section.html",
        context={
            "row": row,
            "badge": stands(row) if row else badge(_("no order form")),
            "page_url": reverse(f"{url}_change", args=[row.pk]) if row else "",
            "push_url": reverse(f"{url}_push", args=[account.pk]) if request.user.has_perm(PUSH) else "",
            "choose_url": reverse(f"{url}_choose", args=[account.pk])
            if request.user.has_perm(CHANGE)
            else "",
        },
    )


sections.register(EcoAccount, section)
