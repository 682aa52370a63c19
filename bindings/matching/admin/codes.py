"""Binding codes: issued and shown once, and what became of each."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from bindings.matching import issuing
from bindings.matching.admin.forms import IssueForm
from bindings.models import BindingCode, Customer
from hireops.database import clock
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import linked, moment, state_badge
from hireops.desk.errors import Refused
from hireops.desk.staff import staff

PRIMARY_KEY = re.compile(r"[0-9]{1,18}")
ISSUE = "bindings.issue_bindingcode"
# Sent to the customer, whose language is Chinese whatever staff read.
TO_SEND = (
    "您好，请在飞书招聘“设置 - 生态对接”中添加我们的账号时，在绑定码一栏填写：{code}。"
    "此码仅可使用一次，{until}前有效，请勿转发给他人。"
)


@staff_action(
    permission=ISSUE,
    label=gettext_lazy("Revoke"),
    confirm=gettext_lazy(
        "Nobody can bind an account with these codes any more. Whoever types one waits for a person. A new "
        "code can be issued at any time."
    ),
    dangerous=True,
    offered=lambda code: not code.used_at and not code.revoked_at,
    counted=ngettext_lazy("Revoke %(count)s code", "Revoke %(count)s codes", "count"),
)
def revoke(code: BindingCode, *, by: User, reason: str) -> None:
    issuing.revoke(code, by=by, reason=reason)


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(BindingCode.State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[BindingCode]) -> QuerySet[BindingCode]:
        unused = Q(used_at=None, revoked_at=None)
        chosen: dict[str, Q] = {
            BindingCode.State.OPEN: unused & Q(expires_at__gt=clock.now()),
            BindingCode.State.USED: Q(used_at__isnull=False),
            BindingCode.State.EXPIRED: unused & Q(expires_at__lte=clock.now()),
            BindingCode.State.REVOKED: Q(revoked_at__isnull=False),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


@admin.register(BindingCode)
class BindingCodeAdmin(MirrorAdmin):
    help_page = "binding#codes"
    empty_list = gettext_lazy(
        "With a one-time code a customer's account is bound as soon as it is added. None has been issued yet."
    )
    change_list_template = "admin/bindings/bindingcode/change_list.html"
    list_display = ["hint", "customer_link", "used_by_link", "issued_by", "issued_at", "expires_at"]
    list_filter = [StateFilter, "issued_at"]
    list_select_related = ["customer", "used_by", "issued_by"]
    linked_by = ["customer"]
    exact_search_fields = ["customer__code", "customer__name"]
    search_help_text = gettext_lazy("The customer's code or name in full")
    fields = [
        "hint",
        "state_now",
        "customer_link",
        "issued_by",
        "issued_at",
        "expires_at",
        "used_at",
        "used_by_link",
        "revoked_at",
        "revoked_by",
    ]
    staff_actions = [revoke]

    class Media:
        css = {"all": ["bindings/matching.css"]}

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        return (self._url("issue"), _("Issue a binding code")) if request.user.has_perm(ISSUE) else None

    @admin.display(description=gettext_lazy("state"))
    def state_now(self, code: BindingCode) -> SafeString:
        return state_badge(code.state_at(clock.now()))

    @admin.display(description=gettext_lazy("customer"))
    def customer_link(self, code: BindingCode) -> str:
        return linked(code.customer)

    @admin.display(description=gettext_lazy("used up by"))
    def used_by_link(self, code: BindingCode) -> str:
        return linked(code.used_by)

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        prefetch_related_objects(objects, "customer")
        now = clock.now()
        return [
            Column(gettext_lazy("customer"), self.customer_link),
            Column(self.opts.verbose_name, linked),
            Column(gettext_lazy("state"), lambda code: state_badge(code.state_at(now))),
            Column(gettext_lazy("issued"), lambda code: moment(code.issued_at)),
        ]

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"issue_url": self._url("issue") if request.user.has_perm(ISSUE) else ""}

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        now = cache(clock.now)  # once for the page

        @admin.display(description=gettext_lazy("state"))
        def state(code: BindingCode) -> SafeString:
            return state_badge(code.state_at(now()))

        hint, *others = super().get_list_display(request)
        return [hint, state, *others]

    # --- Issuing

    @staff_page("issue/", name="issue", permission=ISSUE)
    def issue_view(self, request: HttpRequest) -> HttpResponse:
        """The form; and, once, the code. ``?customer=`` is the primary key of a customer."""
        form = IssueForm(request.POST or None, initial=_asked_for(request))
        if form.is_valid():
            customer, days = form.cleaned_data["customer"], form.cleaned_data["days"]
            try:
                row, code = issuing.issue(customer, by=staff(request), days=days)
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                return self._shown_once(request, row, code)
        return self.render_form(
            request, "admin/bindings/bindingcode/issue.html", title=_("Issue a binding code"), form=form
        )

    def _shown_once(self, request: HttpRequest, row: BindingCode, code: str) -> HttpResponse:
        until = f"{row.expires_at:%Y-%m-%d}"
        return self.render_page(
            request,
            "admin/bindings/bindingcode/issued.html",
            title=_("Binding code issued"),
            row=row,
            code=code,
            to_send=TO_SEND.format(code=code, until=until),
        )


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    asked = request.GET.get("customer", "")
    customer = Customer.objects.filter(pk=int(asked)).first() if PRIMARY_KEY.fullmatch(asked) else None
    return {"customer": customer.code} if customer else {}
