"""Withdrawals: the list, the page of each with everything that was done about it, and deciding them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.admin import MirrorAdmin, linked, staff_action, state_badge
from hireops.desk.masking import mask, may_see_personal_data
from hireops.doorbell import ring
from hireops.outbox import registry
from hireops.outbox.models import Call
from hireops.outbox.tasks import drain
from referrals.ledger.assets import amount_in_words, asset_label, in_words, signed
from referrals.models import Payment, ReferralAccount, Withdrawal, WithdrawalAmount
from referrals.payouts import services, settling
from referrals.payouts.admin import requests as withdrawal_requests

State = Withdrawal.State
ACCOUNT_DISABLED = 1002555

# What the state means, and what to do.
MEANINGS = {
    State.REQUESTED: _(
        "Nothing has been taken out yet. Somebody else than who asked for it has to approve or reject it."
    ),
    State.REJECTED: _("Nothing was taken out. If it is to be paid after all, ask for a new withdrawal."),
    State.CANCELED: _("The request was taken back before it was decided. Nothing was taken out."),
    State.APPROVED: _(
        "It is approved and on its way to Feishu, which takes the whole balance of what was asked for. There "
        "is nothing to do: this page shows what becomes of it."
    ),
    State.UNKNOWN: _(
        "Feishu may have taken the balance out, but no clear answer has come. hireops asks again with the "
        "same order ID until it is answered, so nothing is taken twice. Don't pay anything by hand meanwhile."
    ),
    State.REFUSED: _(
        "Feishu has refused it for good, and nothing was taken out. When the cause is gone, ask for a new "
        "withdrawal."
    ),
    State.EMPTY: _("Feishu found nothing to take out of this account, so there is nothing to be paid."),
    State.TAKEN: _(
        "Feishu has taken it out of the account and counts it as paid: from now on it is owed to the "
        "employee. Hand it over for payment."
    ),
    State.HANDED_OVER: _("It is with the paying side. Record what became of each payment."),
    State.BOUNCED: _(
        "A payment came back, so the employee does not have the money yet. Find out why, then hand it over "
        "again."
    ),
    State.PAID: _("Everything that was taken out has been paid. There is nothing left to do."),
}
ANSWER_KEPT = _(
    "Feishu has answered, but hireops could not take the answer in: it is kept with the call below and tried "
    "again. Whoever looks after hireops finds the cause in the log. Don't pay anything by hand meanwhile."
)
ENABLE_AGAIN = _(
    "The account was deactivated after it had been asked for, so Feishu refuses to say what became of it. "
    "Enable the account again, so that it can be answered."
)
# The words that badges are coloured by.
BADGES = {
    State.APPROVED: "pending",
    State.TAKEN: "pending",
    State.HANDED_OVER: "pending",
    State.BOUNCED: "failed",
}
TONES = {
    **dict.fromkeys([State.REQUESTED, State.APPROVED, State.TAKEN, State.HANDED_OVER], "busy"),
    **dict.fromkeys([State.UNKNOWN], "warn"),
    **dict.fromkeys([State.REFUSED, State.BOUNCED], "bad"),
    State.PAID: "ok",
}


def name_shown(account: ReferralAccount, user: User | AnonymousUser) -> str:
    return account.name if may_see_personal_data(user) else mask(account.name)


# --- What staff can do


@staff_action(
    permission="referrals.approve_withdrawal",
    label=_("Approve"),
    confirm=_(
        "Feishu takes the whole balance of what was asked for out of these accounts, also what has come "
        "since it was asked for. That can't be undone: from then on it is owed to the employees."
    ),
    reason_required=True,
    offered=lambda withdrawal: withdrawal.state == State.REQUESTED,
)
def approve(request: HttpRequest, withdrawal: Withdrawal, reason: str) -> None:
    services.approve_withdrawal(withdrawal, by=_user(request), reason=reason)
    ring(drain)


@staff_action(
    permission="referrals.approve_withdrawal",
    label=_("Reject"),
    confirm=_("Nothing is taken out of these accounts. Who asked for it reads your reason."),
    reason_required=True,
    dangerous=True,
    offered=lambda withdrawal: withdrawal.state == State.REQUESTED,
)
def reject(request: HttpRequest, withdrawal: Withdrawal, reason: str) -> None:
    services.reject_withdrawal(withdrawal, by=_user(request), reason=reason)


@staff_action(
    permission="referrals.request_withdrawal",
    label=_("Take the request back"),
    confirm=_("These requests end without a decision, and nothing is taken out of the accounts."),
    dangerous=True,
    offered=lambda withdrawal: withdrawal.state == State.REQUESTED and withdrawal.is_own,
)
def cancel(request: HttpRequest, withdrawal: Withdrawal, reason: str) -> None:
    services.cancel_withdrawal(withdrawal, by=_user(request), reason=reason)


@staff_action(
    permission="referrals.request_withdrawal",
    label=_("Ask Feishu again now"),
    confirm=_(
        "Feishu is asked now, with the same order ID, instead of when the pause is over. It takes nothing a "
        "second time: what was taken already is answered again."
    ),
    offered=lambda withdrawal: withdrawal.state in Withdrawal.UNDECIDED,
)
def ask_again(request: HttpRequest, withdrawal: Withdrawal, reason: str) -> None:
    settling.ask_again(withdrawal, by=_user(request), reason=reason)
    ring(drain)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
    return request.user


# --- The pages


@admin.register(Withdrawal)
class WithdrawalAdmin(MirrorAdmin):
    change_form_template = "admin/referrals/withdrawal/change_form.html"
    list_filter = ("state", ("requested_at", admin.DateFieldListFilter))
    list_select_related = ("account", "requested_by", "decided_by")
    exact_search_fields = ("external_order_id", "account__account_id")
    search_help_text = _("Order ID or account ID, in full")
    fields = ("state",)
    staff_actions = [approve, reject, cancel, ask_again]
    actions = []  # what other rooms do with withdrawals, they add here

    def has_hand_over_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.add_payoutbatch")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.request_view)
        return [path("request/", view, name="referrals_withdrawal_request"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Withdrawal]:
        is_own = ExpressionWrapper(Q(requested_by=request.user.pk), output_field=BooleanField())
        rows: QuerySet[Withdrawal] = super().get_queryset(request).annotate(is_own=is_own)
        return rows.select_related("account", "requested_by", "decided_by").prefetch_related("amounts")

    def get_list_display(self, request: HttpRequest) -> tuple[str | Callable[[Any], str | bool], ...]:
        as_of = cache(clock.now)  # the same for all rows

        @admin.display(description=_("undecided for"))
        def undecided_for(withdrawal: Withdrawal) -> str:
            return age_shown(withdrawal, as_of) or "–"

        employee = "employee" if may_see_personal_data(request.user) else "employee_masked"
        return (
            "number",
            "account_id_shown",
            employee,
            "state_shown",
            undecided_for,
            "amounts_shown",
            "requested_by",
            "requested_at",
            "decided_by",
        )

    @admin.display(description="#", ordering="id")
    def number(self, withdrawal: Withdrawal) -> int:
        return withdrawal.pk

    @admin.display(description=_("account ID"))
    def account_id_shown(self, withdrawal: Withdrawal) -> str:
        return withdrawal.account.account_id

    @admin.display(description=_("employee"))
    def employee(self, withdrawal: Withdrawal) -> str:
        return withdrawal.account.name or "–"

    @admin.display(description=_("employee"))
    def employee_masked(self, withdrawal: Withdrawal) -> str:
        return mask(withdrawal.account.name) or "–"

    @admin.display(description=_("state"))
    def state_shown(self, withdrawal: Withdrawal) -> SafeString:
        return badge(withdrawal)

    @admin.display(description=_("amounts"))
    def amounts_shown(self, withdrawal: Withdrawal) -> str:
        """What was taken, or else what was seen when it was asked for."""
        rows = withdrawal.amounts.all()
        shown = [(row.asset, row.seen if row.taken is None else row.taken) for row in rows]
        return ", ".join(in_words(asset, amount) for asset, amount in shown) or "–"

    def request_view(self, request: HttpRequest) -> HttpResponse:
        """Asks for withdrawals of the accounts named by ``account`` or chosen in their list."""
        if not (self.has_view_permission(request) and request.user.has_perm("referrals.request_withdrawal")):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return withdrawal_requests.respond(request, _user(request), context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        withdrawal = self.get_object(request, object_id)
        context = what_became_of(withdrawal, request.user) if withdrawal else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def badge(withdrawal: Withdrawal) -> SafeString:
    word = BADGES.get(State(withdrawal.state), withdrawal.state)
    return state_badge(word, withdrawal.get_state_display())


def age_shown(withdrawal: Withdrawal, as_of: Callable[[], datetime]) -> str:
    """How long nobody has known what became of it, in words; "" for one that is decided."""
    if withdrawal.state not in Withdrawal.UNDECIDED or withdrawal.decided_at is None:
        return ""
    return timesince(withdrawal.decided_at, as_of())


def what_became_of(withdrawal: Withdrawal, user: User | AnonymousUser) -> dict[str, Any]:
    """What the page of a withdrawal shows: state and advice, amounts, every step, the call, the payments."""
    call = withdrawal.call
    return {
        "withdrawal": withdrawal,
        "account": withdrawal.account,
        "name": name_shown(withdrawal.account, user),
        "badge": badge(withdrawal),
        "tone": TONES.get(State(withdrawal.state), ""),
        "meaning": meaning(withdrawal, call),
        "advice": ENABLE_AGAIN if must_be_enabled(withdrawal, call) else "",
        "age": age_shown(withdrawal, clock.now),
        "asked_again_at": settling.asked_again_at(withdrawal),
        "amounts": amounts(withdrawal),
        "differs": differs(withdrawal),
        "steps": steps(withdrawal),
        "call": call,
        "call_link": linked(call, f"{registry.label_of(call.operation)} #{call.pk}") if call else "",
        "attempts": call.attempts.order_by("id") if call else (),
        "payments": payments(withdrawal),
        "cases": withdrawal.cases.all(),
        "is_moving": withdrawal.state == State.APPROVED,
    }


def meaning(withdrawal: Withdrawal, call: Call | None) -> str:
    if call and call.answer is not None and withdrawal.state in Withdrawal.UNDECIDED:
        return str(ANSWER_KEPT)
    return str(MEANINGS[State(withdrawal.state)])


def must_be_enabled(withdrawal: Withdrawal, call: Call | None) -> bool:
    """Feishu may have done it, and refuses the repetition that would tell because the account is off."""
    return bool(call and withdrawal.state in Withdrawal.UNDECIDED and call.error_code == ACCOUNT_DISABLED)


@dataclass(frozen=True, slots=True)
class Line:
    """One asset of a withdrawal, as it is shown. ``now`` is what is in the account today."""

    label: str
    seen: str
    taken: str
    now: str
    difference: str


def amounts(withdrawal: Withdrawal) -> list[Line]:
    """Every asset that was seen or taken; while it waits for approval, also what has come since."""
    rows = {row.asset: row for row in withdrawal.amounts.all()}
    if withdrawal.state != State.REQUESTED:
        return [_line(asset, row, None) for asset, row in rows.items()]
    asked = {"points": withdrawal.takes_points, "cash": withdrawal.takes_cash}
    today = services.seen_in(withdrawal.account, **asked)
    return [_line(asset, rows.get(asset), today.get(asset, Decimal(0))) for asset in sorted({*rows, *today})]


def _line(asset: str, row: WithdrawalAmount | None, now: Decimal | None) -> Line:
    seen = row.seen if row else Decimal(0)
    taken = row.taken if row else None
    difference = taken if now is None else now
    return Line(
        label=asset_label(asset),
        seen=amount_in_words(asset, seen),
        taken=amount_in_words(asset, taken),
        now=amount_in_words(asset, now),
        difference=signed(asset, difference - seen) if difference not in {None, seen} else "",
    )


def differs(withdrawal: Withdrawal) -> str:
    """A sentence where Feishu has taken something else than was seen when it was asked for."""
    rows = [row for row in withdrawal.amounts.all() if row.taken is not None and row.taken != row.seen]
    if not rows:
        return ""
    parts = [
        gettext("%(asset)s: %(taken)s taken, %(seen)s seen")
        % {
            "asset": asset_label(row.asset),
            "taken": amount_in_words(row.asset, row.taken),
            "seen": amount_in_words(row.asset, row.seen),
        }
        for row in rows
    ]
    return gettext(
        "Feishu has taken something else than was seen when it was asked for, because the balance changed in "
        "between (%(differences)s). What counts, and is paid, is what was taken."
    ) % {"differences": "; ".join(parts)}


@dataclass(frozen=True, slots=True)
class Step:
    at: Any
    who: str
    what: str
    why: str


def steps(withdrawal: Withdrawal) -> list[Step]:
    """Who did what when and why, oldest first; hireops' own reasons in the reader's language."""
    decided = [
        Step(
            at=entry.at,
            who=entry.actor_name or "hireops",
            what=entry.action_label,
            why=entry.reason if entry.actor_name or not entry.reason else gettext(entry.reason),
        )
        for entry in list(audit.entries_about(withdrawal))[::-1]
    ]
    return sorted([*decided, *_steps_of_paying(withdrawal)], key=lambda step: step.at)


def _steps_of_paying(withdrawal: Withdrawal) -> Iterator[Step]:
    rows = Payment.objects.filter(amount__withdrawal=withdrawal).select_related(
        "batch__created_by", "recorded_by"
    )
    for batch in {payment.batch for payment in rows}:
        what = gettext("handed over for payment in batch #%(batch)s") % {"batch": batch.pk}
        yield Step(at=batch.created_at, who=batch.created_by.get_username(), what=what, why=batch.note)
    for payment in rows:
        if payment.recorded_by and payment.recorded_at:
            what = f"{in_words(payment.asset, payment.sum)}: {payment.get_state_display()}"
            why = payment.reason or payment.reference
            yield Step(at=payment.recorded_at, who=payment.recorded_by.get_username(), what=what, why=why)


def payments(withdrawal: Withdrawal) -> list[dict[str, Any]]:
    rows = Payment.objects.filter(amount__withdrawal=withdrawal).order_by("pk")
    return [
        {
            "payment": payment,
            "link": linked(payment),
            "batch": linked(payment.batch),
            "sum": in_words(payment.asset, payment.sum),
        }
        for payment in rows.select_related("batch", "recorded_by")
    ]
