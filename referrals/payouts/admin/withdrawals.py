"""Withdrawals: their list, and the pages of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.contacts import mask
from hireops.database import clock
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.confirming import Amount, Column
from hireops.desk.display import labelled, lines, linked
from hireops.desk.exporting import AT_THE_END, Exported
from hireops.desk.finding import last_digits, number
from hireops.desk.revealing import VIEW, shown_for
from hireops.desk.waiting import Waiting
from hireops.feishu.tenant_lists import filter_by_tenant, tenant_columns
from hireops.outbox.watching import facts_of
from referrals.accounts import services as accounts
from referrals.ledger.assets import amount_in_words, asset_label, in_order, in_words
from referrals.ledger.confirming import AmountsInWords, account_columns
from referrals.ledger.exporting import amount_columns, employee_column, known_assets
from referrals.ledger.filters import CHOSEN_AMOUNT, AmountOfAsset, asset_chosen
from referrals.models import Withdrawal, WithdrawalAmount
from referrals.payouts import services
from referrals.payouts.admin import requests as withdrawal_requests
from referrals.payouts.admin.actions import acknowledge, approve, ask_again, cancel, reject
from referrals.payouts.admin.keys import changed_keys
from referrals.payouts.admin.page import age_shown, what_became_of
from referrals.payouts.approvers import who_could_approve
from referrals.payouts.rights import REQUEST
from referrals.payouts.second_person import filter_by_second_person

REASON_SHOWN = 60


class AmountFilter(AmountOfAsset):
    """What was taken, or else what was seen when it was asked for."""

    title = _("amount")
    name = "amount"
    rows, relation, back = WithdrawalAmount, "amounts", "withdrawal"

    def amount(self, of: str = "") -> Any:
        return Coalesce(f"{of}taken", f"{of}seen")


@admin.register(Withdrawal)
class WithdrawalAdmin(AmountsInWords, MirrorAdmin):
    help_page = "withdrawals"
    empty_list = _(
        "A withdrawal takes a balance out of Feishu, so that it can be paid to the employee. Ask for "
        "one in the list of referral accounts."
    )
    amounts = ["amounts_listed"]
    ids = ["account_id_shown"]
    change_form_template = "admin/referrals/withdrawal/change_form.html"
    list_filter = (
        "state",
        AmountFilter,
        filter_by_second_person(services.to_decide),
        "requested_at",
        filter_by_tenant("account__tenant"),
    )
    list_select_related = ("account__tenant", "requested_by", "decided_by")
    exact_search_fields = ("external_order_id", "account__account_id")
    search_help_text = _("Order ID or account ID, in full")
    found_by = {"external_order_id": str, "external_order_id__endswith": last_digits, "pk": number}
    found_by_words = _("Order ID, or its last digits; number such as #41")
    fields = ("state",)
    staff_actions = [approve, reject, acknowledge, cancel, ask_again]
    primary_actions = [approve, acknowledge]
    reveal_permission = VIEW
    actions = []  # what other rooms do with withdrawals, they add here

    def has_hand_over_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.add_payoutbatch")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Withdrawal]:
        is_own = ExpressionWrapper(Q(requested_by=request.user.pk), output_field=BooleanField())
        rows: QuerySet[Withdrawal] = super().get_queryset(request).annotate(is_own=is_own)
        related = ("account__tenant", "requested_by", "decided_by")
        return rows.select_related(*related).prefetch_related("amounts")

    def get_list_display(self, request: HttpRequest) -> tuple[str | Callable[[Any], str | bool], ...]:
        as_of = cache(clock.now)  # the same for all rows

        @admin.display(description=_("undecided for"))
        def undecided_for(withdrawal: Withdrawal) -> str:
            return age_shown(withdrawal, as_of) or "–"

        @admin.display(description=_("employee"))
        def employee(withdrawal: Withdrawal) -> str:
            return mask(withdrawal.account.name) or gettext("(no name)")

        return (
            employee,
            "number",
            "state_shown",
            "amounts_listed",
            undecided_for,
            "account_id_shown",
            "requested_by",
            "requested_at",
            "request_reason_shown",
            "decided_by",
            *tenant_columns("account__tenant"),
        )

    def get_sortable_by(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        columns: list[str | Callable[[Any], str | bool]] = ["number", "requested_at"]
        return [*columns, "amounts_listed"] if asset_chosen(request, AmountFilter.name) else columns

    def whose(self, obj: Withdrawal) -> str:
        return obj.account.name

    def title_of(self, obj: Withdrawal) -> str:
        return f"{capfirst(self.opts.verbose_name)} #{obj.pk}"

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        return {
            "employee": [employee_column(lambda withdrawal: withdrawal.account.name)],
            "amounts_listed": amount_columns(amounts_of, known_assets()),
            "undecided_for": [],
            "request_reason_shown": [
                Exported(gettext("why it was requested"), lambda each: each.request_reason)
            ],
            "decided_by": [
                Exported(gettext("decided by"), lambda withdrawal: withdrawal.decided_by),
                Exported(gettext("decided"), lambda withdrawal: withdrawal.decided_at),
            ],
            AT_THE_END: [Exported(gettext("order ID"), lambda withdrawal: withdrawal.external_order_id)],
        }

    def found_as(self, obj: Withdrawal) -> Sequence[str]:
        return [str(obj), mask(obj.account.name), self.amounts_shown(obj), obj.get_state_display()]

    @admin.display(description=_("why it was requested"), empty_value="–")
    def request_reason_shown(self, withdrawal: Withdrawal) -> str:
        return Truncator(withdrawal.request_reason).chars(REASON_SHOWN)

    @admin.display(description=_("account ID"))
    def account_id_shown(self, withdrawal: Withdrawal) -> str:
        return withdrawal.account.account_id

    @admin.display(description=_("amounts"))
    def amounts_shown(self, withdrawal: Withdrawal) -> str:
        return " · ".join(in_words(*amount) for amount in amounts_of(withdrawal)) or "–"

    @admin.display(description=_("amounts"), ordering=CHOSEN_AMOUNT)
    def amounts_listed(self, withdrawal: Withdrawal) -> SafeString | str:
        return lines(in_words(*amount) for amount in amounts_of(withdrawal)) or "–"

    # --- Confirming

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        columns = [
            *account_columns(lambda withdrawal: withdrawal.account),
            Column(_("withdrawal"), lambda withdrawal: linked(withdrawal, f"#{withdrawal.pk}")),
            Column(_("requested by"), lambda withdrawal: withdrawal.requested_by),
            Column(_("why it was requested"), lambda withdrawal: withdrawal.request_reason),
        ]
        if action is acknowledge:
            columns.append(Column(_("taken beyond the approval"), _excess_in_words, is_number=True))
        elif any(self.comes_first(action, each) for each in objects):
            columns.append(Column(_("compared with the request"), _changes_in_words, is_number=True))
        return columns

    def fetch_for(self, action: StaffAction, objects: Sequence[Any]) -> None:
        if action is approve:
            prefetch_related_objects(objects, "account__balances")
            accounts.fetch_pending_statuses([withdrawal.account for withdrawal in objects])

    def comes_first(self, action: StaffAction, obj: Withdrawal) -> bool:
        return action is approve and bool(services.changes_since_request(obj))

    def figures_shown(self, action: StaffAction, obj: Withdrawal) -> str:
        if action is not approve or obj.state != Withdrawal.State.REQUESTED:
            return ""
        return " · ".join(f"{asset} {amount}" for asset, amount in self.confirm_amounts(action, obj)) or "–"

    def confirm_amounts(self, action: StaffAction, obj: Withdrawal) -> Iterable[Amount]:
        """Of an approval what Feishu would take now, which may be another amount than was asked for."""
        if action is approve and obj.state == Withdrawal.State.REQUESTED:
            return sorted(services.balance_to_take(obj).items())
        return amounts_of(obj)

    def waits_since(self, obj: Withdrawal) -> datetime | None:
        """For its decision, then for Feishu's answer."""
        if obj.state in Withdrawal.UNDECIDED:
            return obj.decided_at
        return obj.requested_at if obj.state == Withdrawal.State.REQUESTED else None

    def confirmation_context(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> dict[str, Any]:
        if action is not approve:
            return {}
        requesters = {withdrawal.requested_by_id for withdrawal in objects}
        return {
            "changed_keys": changed_keys(objects, reader=request.user),
            "approvers": who_could_approve(*requesters),
        }

    def page_context(self, request: HttpRequest, obj: Withdrawal) -> dict[str, Any]:
        return what_became_of(obj, request.user, shown_for(request, obj))

    def waiting(self, request: HttpRequest, obj: Withdrawal) -> Waiting:
        state = Withdrawal.State(obj.state)
        facts = facts_of(obj.call)
        return Waiting(str(state.label), facts, is_over=state not in Withdrawal.UNDECIDED)

    @staff_page("request/", name="request", permission=REQUEST)
    def request_view(self, request: HttpRequest) -> HttpResponse:
        """Asks for withdrawals of the accounts named by ``account`` or chosen in their list."""
        return withdrawal_requests.respond(self, request)


def amounts_of(withdrawal: Withdrawal) -> list[Amount]:
    """What was taken, or else what was seen when it was asked for."""
    rows = withdrawal.amounts.all()
    return [(row.asset, row.seen if row.taken is None else row.taken) for row in rows]


def _excess_in_words(withdrawal: Withdrawal) -> SafeString:
    return lines(in_words(row.asset, row.excess) for row in withdrawal.amounts.all() if row.excess)


def _changes_in_words(withdrawal: Withdrawal) -> SafeString:
    changes = services.changes_since_request(withdrawal)
    return lines(labelled(asset_label(asset), _change(asset, changes[asset])) for asset in in_order(changes))


def _change(asset: str, change: Decimal) -> str:
    text = (
        gettext("%(amount)s more than asked for") if change > 0 else gettext("%(amount)s less than asked for")
    )
    return text % {"amount": amount_in_words(asset, abs(change))}
