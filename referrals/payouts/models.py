"""Taking balances out of Feishu."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from hireops.desk.append_only import AppendOnly
from hireops.desk.states import States
from hireops.outbox.models import Call
from referrals.ledger.assets import in_words
from referrals.ledger.models import ASSET_LENGTH


class Withdrawal(models.Model):
    """Taking the *whole* balance of points, cash or both out of one account (contract 2.5), and paying it.

    The states up to *taken* are written by ``transitions.py`` alone, the later ones by ``settle`` of the
    payments; all are drawn in docs/architecture.md. The database refuses every other step, and every change
    of what a step has written (``guards.py``).
    """

    class State(States):
        REQUESTED = "requested", "busy", _("waits for approval")
        REJECTED = "rejected", "bad", _("rejected")
        CANCELED = "canceled", "quiet", _("withdrawn by the requester")
        APPROVED = "approved", "busy", _("on its way to Feishu")
        UNKNOWN = "unknown", "warn", _("no answer from Feishu yet")
        NOT_DONE = "not_done", "bad", _("ended as not done")
        REFUSED = "refused", "bad", _("refused by Feishu")
        EMPTY = "empty", "quiet", _("nothing was there")
        TAKEN = "taken", "busy", _("to be paid")
        HANDED_OVER = "handed_over", "busy", _("handed over for payment")
        BOUNCED = "bounced", "bad", _("payment came back")
        PAID = "paid", "ok", _("paid")

    OPEN = [State.REQUESTED, State.APPROVED, State.UNKNOWN]  # no other may be asked for meanwhile
    UNDECIDED = [State.APPROVED, State.UNKNOWN]  # Feishu may have done it
    ANSWERABLE = [*UNDECIDED, State.NOT_DONE]  # of which an answer may still come
    TAKEN_OUT = [State.TAKEN, State.HANDED_OVER, State.BOUNCED, State.PAID]
    ENDED = [State.REJECTED, State.CANCELED, State.NOT_DONE, State.REFUSED, State.EMPTY, State.PAID]

    account = models.ForeignKey(
        "referrals.ReferralAccount",
        models.PROTECT,
        related_name="withdrawals",
        verbose_name=_("referral account"),
    )
    # Fixed when it is asked for, and never used for another: it is what makes it happen once.
    external_order_id = models.CharField(_("order ID"), max_length=64, unique=True)
    takes_points = models.BooleanField(_("points"))
    takes_cash = models.BooleanField(_("cash"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.REQUESTED)

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested"), db_default=Now(), editable=False)
    request_reason = models.TextField(_("why it was requested"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_reason = models.TextField(_("why it was decided so"), blank=True)
    # REFERRALS_SELF_APPROVAL was on when the requester approved it.
    self_approved = models.BooleanField(_("approved by the requester"), default=False)

    call = models.OneToOneField(
        Call, models.PROTECT, null=True, blank=True, related_name="withdrawal", verbose_name=_("call")
    )
    trans_time = models.DateTimeField(_("transaction time"), null=True, blank=True)
    answered_at = models.DateTimeField(pgettext_lazy("a time", "answered"), null=True, blank=True)
    # An approver has seen that Feishu took more than was approved. Nothing is paid before that.
    excess_acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("difference acknowledged by"),
    )
    excess_acknowledged_at = models.DateTimeField(_("difference acknowledged"), null=True, blank=True)

    class Meta:
        verbose_name = _("withdrawal")
        verbose_name_plural = _("withdrawals")
        ordering = ["-id"]
        permissions = [
            ("request_withdrawal", gettext_noop("Can ask for a withdrawal")),
            ("approve_withdrawal", gettext_noop("Can approve or reject a withdrawal")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "requested",
                        "rejected",
                        "canceled",
                        "approved",
                        "unknown",
                        "not_done",
                        "refused",
                        "empty",
                        "taken",
                        "handed_over",
                        "bounced",
                        "paid",
                    ]
                ),
                name="withdrawal_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(takes_points=True) | Q(takes_cash=True), name="withdrawal_takes_something"
            ),
            models.CheckConstraint(condition=~Q(external_order_id=""), name="withdrawal_has_its_order_id"),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["requested", "approved", "unknown"]),
                name="one_open_withdrawal_of_an_account",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="requested") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="withdrawal_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(state__in=["rejected", "canceled"])
                | ~Q(decided_by=F("requested_by"))
                | Q(self_approved=True),
                name="withdrawal_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "rejected", "canceled"], call__isnull=True)
                | (~Q(state__in=["requested", "rejected", "canceled"]) & Q(call__isnull=False)),
                name="withdrawal_approved_has_its_call",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["empty", "taken", "handed_over", "bounced", "paid"],
                    trans_time__isnull=False,
                    answered_at__isnull=False,
                )
                | (
                    ~Q(state__in=["empty", "taken", "handed_over", "bounced", "paid"])
                    & Q(trans_time__isnull=True)
                ),
                name="withdrawal_taken_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(excess_acknowledged_by__isnull=True, excess_acknowledged_at__isnull=True)
                | Q(excess_acknowledged_by__isnull=False, excess_acknowledged_at__isnull=False),
                name="withdrawal_excess_acknowledged_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="withdrawal_by_state"),
            models.Index(fields=["account", "-id"], name="withdrawal_by_account"),
            models.Index(fields=["requested_at"], name="withdrawal_by_request"),
            models.Index(fields=["trans_time"], name="withdrawal_by_trans_time"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.account.account_id}"  # no name: it is kept in the audit

    @property
    def has_unacknowledged_excess(self) -> bool:
        """Whether Feishu took more than was approved and no approver has said so. Prefetch ``amounts``."""
        return self.excess_acknowledged_by_id is None and any(each.excess for each in self.amounts.all())


class SelfApproval(AppendOnly):
    """That REFERRALS_SELF_APPROVAL is on, written by who is about to approve the own request.

    Without it the database refuses that step. Setting and step are of one transaction, so the database never
    goes by a setting that has been changed meanwhile.
    """

    withdrawal = models.OneToOneField(
        Withdrawal, models.PROTECT, related_name="self_approval", verbose_name=_("withdrawal")
    )
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("approval of one's own request")
        verbose_name_plural = _("approvals of one's own requests")
        default_permissions = ()  # no page shows them; the withdrawal's own page tells it

    def __str__(self) -> str:
        return f"#{self.withdrawal_id}"


class WithdrawalAmount(models.Model):
    """One asset of a withdrawal: seen when it was asked for, approved, and really taken by Feishu.

    ``approved`` is the balance that the approver saw; None before that, and of an asset that came later.
    """

    # The sum of these is never paid without an approver's acknowledgement.
    TOOK_MORE = Q(taken__gt=Coalesce("approved", Value(0), output_field=models.DecimalField()))

    withdrawal = models.ForeignKey(
        Withdrawal, models.PROTECT, related_name="amounts", verbose_name=_("withdrawal")
    )
    asset = models.CharField(_("asset"), max_length=ASSET_LENGTH)
    seen = models.DecimalField(_("seen when asking"), max_digits=18, decimal_places=2)
    approved = models.DecimalField(_("approved"), max_digits=18, decimal_places=2, null=True, blank=True)
    taken = models.DecimalField(_("taken"), max_digits=18, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("amount")
        verbose_name_plural = _("amounts")
        ordering = ["withdrawal", "asset"]
        constraints = [
            models.UniqueConstraint(fields=["withdrawal", "asset"], name="one_amount_of_each_asset"),
            models.CheckConstraint(condition=Q(seen__gte=0), name="amount_seen_is_not_negative"),
            models.CheckConstraint(
                condition=Q(taken__isnull=True) | Q(taken__gte=0), name="amount_taken_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(approved__isnull=True) | Q(approved__gte=0),
                name="amount_approved_is_not_negative",
            ),
        ]
        indexes = [models.Index(F("asset"), Coalesce("taken", "seen"), name="withdrawal_by_amount")]

    def __str__(self) -> str:
        return in_words(self.asset, self.seen if self.taken is None else self.taken)

    @property
    def excess(self) -> Decimal:
        """How much more than approved was taken; 0 while nothing was."""
        return max((self.taken or Decimal(0)) - (self.approved or Decimal(0)), Decimal(0))
