"""Mismatches: the list of those that wait for somebody, and a page that says what one means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from hireops import contacts
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked
from hireops.desk.exporting import AT_THE_END, Exported
from hireops.desk.revealing import VIEW, shown_for
from hireops.feishu.tenant_lists import are_several, filter_by_tenant, tenant_columns
from referrals.cases.services import close_case, why_not_closed
from referrals.cases.texts import FIGURES, HINTS, MEANINGS, UNDECIDED_HINTS, WHAT_TO_DO
from referrals.ledger.assets import amount_in_words, asset_label, signed
from referrals.ledger.confirming import account_columns
from referrals.ledger.exporting import account_id_column, amount_column, employee_column
from referrals.ledger.steps import minute
from referrals.models import Case, Payment, Withdrawal

UNDECIDED_SHOWN = 5
COLUMNS = [
    "kind_shown",
    "account_shown",
    "asset_shown",
    "ours_shown",
    "theirs_shown",
    "state_shown",
    "day_shown",
    "opened_shown",
]
# By kind of case, the figures of each book that the page sets side by side: from whoever opens such cases.
BOOKS: dict[Case.Kind, Callable[[Case], list[dict[str, str | None]]]] = {}


def asset_shown(case: Case) -> str:
    return asset_label(case.asset) or "–"


def difference_shown(case: Case) -> str:
    if case.ours is None or case.theirs is None:
        return "–"
    difference = case.theirs - case.ours
    return signed(case.asset, difference) if difference else amount_in_words(case.asset, difference)


def state_of(case: Case) -> SafeString:
    return badge(_("Case closed")) if case.closed_at else badge(_("Case open"), "warn")


@staff_action(
    permission="referrals.close_case",
    label=_("Close"),
    confirm=_(
        "These cases are closed. Write as the reason what it was and what was done about it: whoever looks "
        "at them later has nothing else. A closed case is not opened again; if the figures still differ when "
        "somebody reconciles the day once more, there will be a new one."
    ),
    reason_required=True,
    offered=lambda case: case.closed_at is None,
    why_not=lambda case, by: why_not_closed(case),
    counted=ngettext_lazy("Close %(count)s case", "Close %(count)s cases", "count"),
)
def close(case: Case, *, by: User, reason: str) -> None:
    close_case(case, by=by, note=reason)


class OpenFilter(admin.SimpleListFilter):
    """Open ones, unless asked for others."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Case open")), ("closed", _("Case closed")), ("all", _("All"))]

    def value(self) -> str:
        return super().value() or "open"

    def choices(self, changelist: Any) -> Iterator[Any]:
        # Without Django's own "all": the first one is what the list begins with.
        for value, title in self.lookup_choices:
            link = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": self.value() == value, "query_string": link, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        if self.value() == "all":
            return queryset
        return queryset.filter(closed_at__isnull=self.value() != "closed")


@admin.register(Case)
class CaseAdmin(MirrorAdmin):
    help_page = "cases"
    empty_list = _("Nothing is open that does not add up. A case appears by itself when two figures differ.")
    amounts = ["ours_shown", "theirs_shown"]
    ids = ["account_shown"]
    change_form_template = "admin/referrals/case/change_form.html"
    list_filter = [OpenFilter, "kind", filter_by_tenant("account__tenant")]
    linked_by = ["reconciliation"]
    list_select_related = ["account", "reconciliation"]
    exact_search_fields = ["account__account_id"]
    contact_search_fields = {"account__mobile": contacts.read_mobile, "account__email": contacts.read_email}
    search_help_text = _("Mobile number in any spelling, email or account ID, in full")
    fields = ["kind"]
    staff_actions = [close]
    reveal_permission = VIEW

    class Media:
        css = {"all": ["referrals/reconciliation.css"]}

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return [*COLUMNS, *tenant_columns("account__tenant")]

    @admin.display(description=_("what"))
    def kind_shown(self, case: Case) -> str:
        return str(case)

    @admin.display(description=_("referral account"))
    def account_shown(self, case: Case) -> str:
        return linked(case.account, case.account.account_id)

    @admin.display(description=_("asset"))
    def asset_shown(self, case: Case) -> str:
        return asset_shown(case)

    @admin.display(description=_("ours"))
    def ours_shown(self, case: Case) -> str:
        return amount_in_words(case.asset, case.ours)

    @admin.display(description=_("the other figure"))
    def theirs_shown(self, case: Case) -> str:
        return amount_in_words(case.asset, case.theirs)

    @admin.display(description=_("day"))
    def day_shown(self, case: Case) -> str:
        return linked(case.reconciliation, f"{case.reconciliation.day}") if case.reconciliation else "–"

    @admin.display(description=_("opened"))
    def opened_shown(self, case: Case) -> str:
        return minute(case.opened_at)

    @admin.display(description=_("state"))
    def state_shown(self, case: Case) -> SafeString:
        return state_of(case)

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        def amount(header: str, of: Callable[[Any], Any]) -> list[Exported]:
            return [amount_column(header, lambda case: case.asset, of)]

        return {
            "account_shown": [
                employee_column(lambda case: case.account.name),
                account_id_column(lambda case: case.account),
            ],
            "ours_shown": amount(gettext("ours"), lambda case: case.ours),
            "theirs_shown": amount(gettext("the other figure"), lambda case: case.theirs),
            "opened_shown": [Exported(gettext("opened"), lambda case: case.opened_at)],
            AT_THE_END: [Exported(gettext("closed"), lambda case: case.closed_at)],
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        related = (
            "account__tenant",
            "reconciliation__tenant",
            "withdrawal",
            "change",
            "payment",
            "closed_by",
        )
        return super().get_queryset(request).select_related(*related)

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            *account_columns(lambda case: case.account),
            Column(_("what"), linked),
            Column(_("asset"), asset_shown),
            Column(_("ours"), self.ours_shown, is_number=True),
            Column(_("the other figure"), self.theirs_shown, is_number=True),
            Column(_("difference"), difference_shown, is_number=True),
        ]

    def waits_since(self, obj: Case) -> datetime | None:
        return obj.opened_at if obj.closed_at is None else None

    def whose(self, obj: Case) -> str:
        return obj.account.name if obj.account else ""

    def page_context(self, request: HttpRequest, obj: Case) -> dict[str, Any]:
        return what_it_is(obj, shown_for(request, obj))


# --- The page of one


def what_it_is(case: Case, shown: Callable[[str], str]) -> dict[str, Any]:
    """What the page shows: both figures, what they mean, what to do, and where it comes from."""
    kind = Case.Kind(case.kind)
    undecided, answered_later = _undecided(case), _answered_later(case)
    hints = [UNDECIDED_HINTS[kind]] if undecided else []
    hints += [HINTS["answered_later"]] if answered_later else []
    hints += [HINTS["ended"]] if _may_have_been_done(case) else []
    hints += [HINTS[_paid_again_hint(case.payment)]] if case.payment else []
    return {
        "case": case,
        "badge": state_of(case),
        "closed": _closed(case),
        "note": _note(case),
        "figures": _figures(case),
        "meaning": MEANINGS[kind],
        "what_to_do": WHAT_TO_DO[kind],
        "hints": hints if case.closed_at is None else [],
        "undecided": [linked(each, f"#{each.pk}") for each in undecided],
        "books": _books(case),
        "facts": _facts(case, shown),
    }


def _figures(case: Case) -> list[dict[str, Any]]:
    if case.ours is None and case.theirs is None:
        return []
    ours, theirs = FIGURES[Case.Kind(case.kind)]
    shown = [
        {"label": ours, "value": amount_in_words(case.asset, case.ours)},
        {"label": theirs, "value": amount_in_words(case.asset, case.theirs)},
    ]
    if case.ours is not None and case.theirs is not None:
        difference = amount_in_words(case.asset, case.theirs - case.ours)
        shown.append({"label": _("Difference"), "value": difference})
    return shown


def _undecided(case: Case) -> list[Withdrawal]:
    """Payouts that Feishu may have made without our having heard of it."""
    if case.kind not in UNDECIDED_HINTS:
        return []
    waiting = Withdrawal.objects.filter(account=case.account, state__in=Withdrawal.UNDECIDED)
    if case.kind == Case.Kind.POINTS:
        waiting = waiting.filter(takes_points=True)
    return list(waiting[:UNDECIDED_SHOWN])


def _answered_later(case: Case) -> bool:
    """A payout of the day was answered after the figures were compared, so they may be equal by now."""
    day = case.reconciliation
    if case.kind != Case.Kind.POINTS or day is None:
        return False
    return Withdrawal.objects.filter(
        Q(trans_time__gte=day.starts_at, trans_time__lt=day.ends_at),
        account=case.account,
        answered_at__gt=case.opened_at,
    ).exists()


def _may_have_been_done(case: Case) -> bool:
    ended = case.withdrawal is not None and case.withdrawal.state == Withdrawal.State.NOT_DONE
    return ended and case.kind == Case.Kind.POINTS


def _paid_again_hint(payment: Payment) -> str:
    """What became of the amount of a payment that the bank has made, and we recorded as come back."""
    if payment.open_reversal:
        return "unconfirmed"
    again = payment.paid_again
    if again is None:
        return "not_again"
    return "on_its_way" if again.standing == Payment.Standing.HANDED_OVER else "paid_twice"


def _closed(case: Case) -> str:
    if case.closed_at is None:
        return ""
    moment = minute(case.closed_at)
    if case.closed_by is None:
        return gettext("Closed by hireops on %(time)s, because the cause became known:") % {"time": moment}
    values = {"user": case.closed_by, "time": moment}
    return gettext("Closed by %(user)s on %(time)s:") % values


def _note(case: Case) -> str:
    """What hireops wrote is kept in English and read in the reader's language."""
    return gettext(case.note) if case.note and case.closed_by is None else case.note


def _books(case: Case) -> list[dict[str, str | None]]:
    books = BOOKS.get(Case.Kind(case.kind))
    return books(case) if books else []


def _facts(case: Case, shown: Callable[[str], str]) -> Iterator[tuple[Any, str]]:
    yield _("Referral account"), linked(case.account, case.account.account_id)
    if case.account.name:
        yield _("Employee"), shown(case.account.name)
    if are_several():
        yield _("Customer"), str(case.account.tenant)
    yield _("Asset"), asset_shown(case)
    if case.reconciliation:
        yield _("Reconciliation"), linked(case.reconciliation, str(case.reconciliation))
    if case.withdrawal:
        yield _("Withdrawal"), linked(case.withdrawal, f"#{case.withdrawal.pk}")
    yield from _facts_of_payment(case.payment) if case.payment else ()
    if case.change:
        yield _("Balance change"), linked(case.change, str(case.change))
        if case.change.call_id:
            yield _("Call"), linked(case.change.call, f"#{case.change.call_id}")
    if case.event:
        yield _("Event"), linked(case.event, case.event.event_id)
    yield _("Opened"), minute(case.opened_at)


def _facts_of_payment(payment: Payment) -> Iterator[tuple[Any, str]]:
    yield _("Payment"), linked(payment)
    yield _("Paid again by"), linked(payment.paid_again)
