"""The accounts that wait for a customer, oldest first, each with those whom it may belong to and why."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.customers.codes import normalised
from bindings.matching import changes, services
from bindings.matching.admin.actions import BIND, keep, put_back, set_aside
from bindings.matching.admin.forms import BindForm, NewCustomerForm
from bindings.matching.admin.running import run_again
from bindings.matching.binding import WAITS
from bindings.matching.candidates import Candidate, candidates_for
from bindings.matching.known import typed_into
from bindings.matching.texts import reasons_in_words, short_reason
from bindings.models import AccountToBind, Customer, EcoAccount, MatchingRule
from hireops.database import clock
from hireops.desk.actions import MOST_AT_ONCE, StaffAction
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import duration, linked
from hireops.desk.errors import Refused
from hireops.desk.language import FORM_FILLED
from hireops.desk.lists import QuickChangeList
from hireops.desk.staff import staff
from hireops.feishu.tenant_lists import filter_by_tenant, tenant_columns

ADD_CUSTOMER = "bindings.add_customer"
VALUES = "bindings.view_customfieldvalue"
FOUND_AT_MOST = 20
NAME_SHOWN = 60
PRIMARY_KEY = re.compile(r"[0-9]{1,18}")


class QueueFilter(admin.SimpleListFilter):
    """Those that wait, unless asked for others."""

    title = gettext_lazy("state")
    parameter_name = "state"
    asked: dict[str, Q] = {
        "waiting": WAITS | Q(in_question__isnull=False),
        "question": Q(in_question__isnull=False),
        "aside": Q(set_aside=True),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("waiting", gettext_lazy("wait for a person")),
            ("question", gettext_lazy("bound, and name another customer now")),
            ("aside", gettext_lazy("set aside")),
        ]

    def value(self) -> str:
        return super().value() or "waiting"

    def choices(self, changelist: Any) -> Iterator[Any]:
        # Without Django's own "all": the first one is what the list begins with.
        for value, title in self.lookup_choices:
            link = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": self.value() == value, "query_string": link, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.asked.get(self.value(), WAITS))


class QueueChangeList(QuickChangeList):
    """Looks for candidates of all accounts of the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        accounts = list(self.result_list)
        candidates = candidates_for(accounts)
        for account in accounts:
            account.candidates = candidates.get(account.pk, [])
        self.result_list = accounts


@admin.register(AccountToBind)
class AccountToBindAdmin(MirrorAdmin):
    help_page = "binding"
    is_exported = False  # a queue to be worked on; its accounts have a list
    empty_list = gettext_lazy(
        "No account waits. One that a customer adds in Feishu Hire appears here unless a rule "
        "recognises whose it is."
    )
    change_list_template = "admin/bindings/accounttobind/change_list.html"
    list_per_page = 20
    list_display_links = None
    list_select_related = ["tenant", "customer", "in_question"]
    search_fields = ["account_id__startswith", "name"]
    exact_search_fields = ["tenant__tenant_key"]
    search_help_text = gettext_lazy("Account name or account ID")
    list_filter = [QueueFilter, "scope", filter_by_tenant()]
    ordering = ["id"]
    staff_actions = [set_aside, put_back, keep]
    actions = ["bind_selected"]

    class Media:
        css = {"all": ["bindings/matching.css"]}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("bindings.view_ecoaccount")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[QueueChangeList]:
        return QueueChangeList

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """An account has one page."""
        if not self.has_view_permission(request):
            return super().change_view(request, object_id, *args, **kwargs)
        if not object_id.isdecimal():
            raise Http404
        return HttpResponseRedirect(_page_of(int(object_id)))

    # --- The list

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        may_bind, may_see = request.user.has_perm(BIND), request.user.has_perm(VALUES)

        @admin.display(description=gettext_lazy("may belong to"))
        def likely(account: AccountToBind) -> str:
            shown: Sequence[Candidate] = account.candidates  # type: ignore[attr-defined]
            drawn = [self._drawn(account, each, may_bind=may_bind, may_see=may_see) for each in shown]
            if not drawn:
                drawn = [format_html('<p class="quiet">{}</p>', _("No customer resembles this."))]
            return format_html(
                "{}{}", _question(account), format_html_join("", "{}", ((each,) for each in drawn))
            )

        now = cache(clock.now)  # once for the page

        @admin.display(description=gettext_lazy("waits for"))
        def waits_for(account: AccountToBind) -> str:
            return duration(now() - account.created_at)

        return ["account_shown", waits_for, *tenant_columns(), likely, *(["other"] if may_bind else [])]

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        prefetch_related_objects(objects, "tenant", "customer")
        return [
            Column(gettext_lazy("account"), self.account_shown),
            Column(gettext_lazy("customer"), lambda account: linked(account.customer)),
            Column(gettext_lazy("tenant"), lambda account: account.tenant),
        ]

    def waits_since(self, obj: AccountToBind) -> datetime | None:
        return obj.created_at

    @admin.display(description=gettext_lazy("account"))
    def account_shown(self, account: AccountToBind) -> str:
        name = Truncator(account.name).chars(NAME_SHOWN) or account.account_id
        kind = account.get_scope_display() if account.scope else "–"
        return format_html(
            '<a href="{}">{}</a><br><span class="quiet">{}</span>', _page_of(account.pk), name, kind
        )

    @admin.display(description=gettext_lazy("Another customer"))
    def other(self, account: AccountToBind) -> str:
        return format_html('<a href="{}">{}</a>', self._bind_url(account), _("Choose a customer"))

    def _drawn(
        self, account: EcoAccount, candidate: Candidate, *, may_bind: bool, may_see: bool
    ) -> SafeString:
        reasons = reasons_in_words(candidate, may_see_values=may_see)
        button = SafeString("")
        if may_bind:
            address = self._bind_url(account, customer=candidate.customer.pk)
            button = format_html(' <a class="button quiet" href="{}">{}</a>', address, _("Bind"))
        return format_html(
            '<div class="candidate"><p>{}{}</p><ul>{}</ul></div>',
            linked(candidate.customer),
            button,
            format_html_join("", "<li>{}</li>", ((reason,) for reason in reasons)),
        )

    def _bind_url(self, account: EcoAccount, **asked: object) -> str:
        return f"{self._url('bind')}?{urlencode({'account': account.pk, **asked})}"

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"run_url": self._url("run") if request.user.has_perm(BIND) else ""}

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if not request.user.has_perm(BIND):
            actions.pop("bind_selected", None)
        return actions

    @admin.action(description=gettext_lazy("Bind to a customer"))
    def bind_selected(self, request: HttpRequest, chosen: QuerySet[AccountToBind]) -> HttpResponse:
        asked = [("account", pk) for pk in chosen.values_list("pk", flat=True)[:MOST_AT_ONCE]]
        return HttpResponseRedirect(f"{self._url('bind')}?{urlencode(asked)}")

    # --- Its pages

    @staff_page("run/", name="run", permission=BIND)
    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Looks at all that wait once more, by the rules that are on."""
        if request.method == "POST":
            try:
                self.message_user(request, run_again(staff(request)))
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(self._url("changelist"))

    @staff_page("bind/", name="bind", permission=BIND)
    def bind_view(self, request: HttpRequest) -> HttpResponse:
        """Whose accounts are: ``?account=``, several times; ``customer`` is chosen, ``q`` looks for one."""
        accounts = _asked_for(request)
        if not accounts:
            self.message_user(request, _("Choose accounts first."), messages.WARNING)
            return HttpResponseRedirect(self._url("changelist"))
        candidates = candidates_for(accounts)
        chosen = _chosen(request)
        form = BindForm(request.POST or None, initial=_prefilled(accounts, chosen, candidates))
        if form.is_valid() and self._bind(request, accounts, form):
            return HttpResponseRedirect(_back(request) or self._url("changelist"))
        likely = _likely(accounts, candidates, may_see_values=request.user.has_perm(VALUES))
        return self._bind_page(request, accounts, likely, chosen, form)

    def _bind(self, request: HttpRequest, accounts: Sequence[EcoAccount], form: BindForm) -> bool:
        customer, reason = form.cleaned_data["customer"], form.cleaned_data["reason"]
        try:
            services.bind_all(accounts, customer, by=staff(request), reason=reason)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return False
        self.message_user(request, _bound_in_words(accounts, customer), messages.SUCCESS)
        return True

    @staff_page("new/", name="new", permission=BIND)
    def new_view(self, request: HttpRequest) -> HttpResponse:
        """A new customer for these accounts. What was typed fills in the form, and stands in no address."""
        accounts = _asked_for(request)
        if not request.user.has_perm(ADD_CUSTOMER):
            raise PermissionDenied
        if not accounts:
            return HttpResponseRedirect(self._url("changelist"))
        may_see = request.user.has_perm(VALUES)
        form = NewCustomerForm(request.POST or None, initial=proposed_customer(accounts[0], may_see=may_see))
        if form.is_valid():
            try:
                customer = services.bind_to_new(accounts, by=staff(request), **form.cleaned_data)
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(request, _bound_in_words(accounts, customer), messages.SUCCESS)
                return HttpResponseRedirect(self._url("changelist"))
        return self.render_form(
            request,
            "admin/bindings/accounttobind/new.html",
            title=_("New customer"),
            form=form,
            accounts=accounts,
        )

    def _bind_page(
        self,
        request: HttpRequest,
        accounts: Sequence[EcoAccount],
        likely: Mapping[Customer, list[str]],
        chosen: Customer | None,
        form: BindForm,
    ) -> HttpResponse:
        term = request.GET.get("q", "").strip()
        found = [(each, self._again(request, each)) for each in _found(term)]
        return self.render_form(
            request,
            "admin/bindings/accounttobind/bind.html",
            title=_("Bind to a customer"),
            form_sent_again=FORM_FILLED if chosen else "",
            accounts=accounts,
            chosen=chosen,
            likely=[
                (customer, reasons, self._again(request, customer))
                for customer, reasons in likely.items()
                if customer != chosen
            ],
            why=likely.get(chosen, []) if chosen else [],
            term=term,
            found=found,
            new_url=f"{self._url('new')}?{_accounts_only(request)}"
            if request.user.has_perm(ADD_CUSTOMER)
            else "",
            form=form,
            bound=_what_stays(accounts),
            back=_back(request) or self._url("changelist"),
        )

    def _again(self, request: HttpRequest, customer: Customer) -> str:
        """This page with another customer chosen."""
        asked = request.GET.copy()
        asked["customer"] = str(customer.pk)
        asked.pop("q", None)
        return f"?{asked.urlencode()}"


def _bound_in_words(accounts: Sequence[EcoAccount], customer: Customer) -> str:
    text = _("Bound to %(customer)s: %(accounts)s.")
    return text % {"customer": customer, "accounts": ", ".join(str(account) for account in accounts)}


def proposed_customer(account: EcoAccount, *, may_see: bool) -> dict[str, str]:
    """What the account says of its customer: a code, if a rule reads one from a field, and its name."""
    read = set(MatchingRule.objects.exclude(kind=MatchingRule.Kind.BINDING_CODE).values_list("scope", "key"))
    typed = typed_into([account])[account.pk] if may_see else []
    codes = [value.strip() for key, value in typed if (account.scope, key) in read]
    return {"code": next(filter(None, codes), "")[:64], "name": account.name[:200]}


def _question(account: EcoAccount) -> str:
    if account.in_question is None:
        return ""
    text = _("Bound to %(customer)s. What was typed last names %(named)s: bind it anew, or keep it?")
    values = {"customer": account.customer, "named": account.in_question}
    return format_html('<p class="question">{}</p>', text % values)


def _page_of(account: int) -> str:
    return reverse("admin:bindings_ecoaccount_change", args=[account])


def _asked_for(request: HttpRequest) -> list[EcoAccount]:
    pks = [int(pk) for pk in request.GET.getlist("account") if _is_pk(pk)][:MOST_AT_ONCE]
    accounts = EcoAccount.objects.filter(pk__in=pks).select_related("tenant", "customer")
    return list(accounts.order_by("pk"))


def _accounts_only(request: HttpRequest) -> str:
    return urlencode([("account", pk) for pk in request.GET.getlist("account")])


def _is_pk(text: str) -> bool:
    return bool(PRIMARY_KEY.fullmatch(text))


def _likely(
    accounts: Sequence[EcoAccount], candidates: Mapping[int, Sequence[Candidate]], *, may_see_values: bool
) -> dict[Customer, list[str]]:
    """Whose any of the accounts may be, and why; of several accounts each reason says which."""
    likely: dict[Customer, list[str]] = {}
    for account in accounts:
        for each in candidates.get(account.pk, ()):
            reasons = reasons_in_words(each, may_see_values=may_see_values)
            if len(accounts) > 1:
                text = _("%(account)s: %(reason)s")
                reasons = [text % {"account": account, "reason": reason} for reason in reasons]
            likely.setdefault(each.customer, []).extend(reasons)
    return likely


def _chosen(request: HttpRequest) -> Customer | None:
    asked = request.POST.get("customer") or request.GET.get("customer", "")
    return Customer.objects.filter(pk=int(asked), archived=False).first() if _is_pk(asked) else None


def _prefilled(
    accounts: Sequence[EcoAccount],
    chosen: Customer | None,
    candidates: Mapping[int, Sequence[Candidate]],
) -> dict[str, Any]:
    """Of several accounts no reason: that of one is none for the others."""
    if chosen is None:
        return {}
    of_one = candidates.get(accounts[0].pk, ()) if len(accounts) == 1 else ()
    reasons = [short_reason(each) for each in of_one if each.customer == chosen]
    return {"customer": chosen.pk, "reason": reasons[0] if reasons else ""}


def _found(term: str) -> list[Customer]:
    """Customers by the beginning of their code, or a part of their name."""
    if not term:
        return []
    wanted = Q(normalised_code__startswith=normalised(term)) | Q(name__icontains=term)
    return list(Customer.objects.filter(wanted, archived=False).order_by("normalised_code")[:FOUND_AT_MOST])


def _what_stays(accounts: Sequence[EcoAccount]) -> list[tuple[EcoAccount, list[str]]]:
    """Of those that are bound already: what a new customer does not undo."""
    return [
        (account, changes.consequences(account, bound_since(account)))
        for account in accounts
        if account.customer is not None
    ]


def bound_since(account: EcoAccount) -> Any:
    newest = account.binding_changes.first()
    return newest.at if newest and newest.customer_id else None


def _back(request: HttpRequest) -> str:
    back = request.GET.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return back if is_ours else ""
