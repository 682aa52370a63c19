"""What is in an account, and how that came about."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Round
from django.utils.translation import gettext_lazy as _

from hireops.desk.append_only import AppendOnly
from hireops.inbox.models import Event
from hireops.outbox.models import Call
from referrals.ledger.assets import UNBROKEN, asset_label, in_words, signed

ASSET_LENGTH = 16


class Balance(models.Model):
    """What is in an account of one asset: confirmed, and not withdrawn. The sum of its changes, always."""

    account = models.ForeignKey(
        "referrals.ReferralAccount",
        models.PROTECT,
        related_name="balances",
        verbose_name=_("referral account"),
        db_index=False,
    )
    # POINTS, or an ISO currency; what is neither, as Feishu writes it (contract 2.8).
    asset = models.CharField(_("asset"), max_length=ASSET_LENGTH)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        ordering = ["account", "asset"]
        constraints = [
            models.UniqueConstraint(fields=["account", "asset"], name="one_balance_of_each_asset"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="balance_is_not_negative"),
        ]
        indexes = [models.Index(fields=["asset", "amount"], name="balance_by_amount")]

    def __str__(self) -> str:
        return in_words(self.asset, self.amount)


class BalanceChange(AppendOnly):
    """One step of a balance, and what is behind it. Never changed after it was written."""

    class Cause(models.TextChoices):
        EVENT = "event", _("Balance event")
        CALL = "call", _("Asked at Feishu")
        WITHDRAWAL = "withdrawal", _("Paid out")
        # The part of a withdrawal that no event had announced: it took more or less than the balance here.
        UNANNOUNCED = "unannounced", _("Came to light with a payout")

    account = models.ForeignKey(
        "referrals.ReferralAccount",
        models.PROTECT,
        related_name="changes",
        verbose_name=_("referral account"),
        db_index=False,
    )
    asset = models.CharField(_("asset"), max_length=ASSET_LENGTH)
    before = models.DecimalField(_("before"), max_digits=18, decimal_places=2)
    after = models.DecimalField(_("after"), max_digits=18, decimal_places=2)
    difference = models.DecimalField(_("difference"), max_digits=18, decimal_places=2)
    cause = models.CharField(_("cause"), max_length=16, choices=Cause.choices)
    event = models.ForeignKey(
        Event, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("event")
    )
    call = models.ForeignKey(
        Call,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("call"),
        db_index=False,
    )
    withdrawal = models.ForeignKey(
        "referrals.Withdrawal",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="changes",
        verbose_name=_("withdrawal"),
        db_index=False,
    )
    as_of = models.DateTimeField(_("as of"))  # the time of the figure, by Feishu's clock where it has one
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("balance change")
        verbose_name_plural = _("balance changes")
        ordering = ["-id"]
        constraints = [
            # Rounded, because SQLite counts in binary fractions.
            models.CheckConstraint(
                condition=Q(difference=Round(F("after") - F("before"), 2)), name="change_is_the_difference"
            ),
            models.CheckConstraint(condition=~Q(difference=0), name="change_changes_something"),
            # Not "after": a step that came to light late may pass below zero, the balance itself never does.
            models.CheckConstraint(
                condition=Q(cause="event", event__isnull=False)
                | Q(cause="call", call__isnull=False)
                | Q(cause__in=["withdrawal", "unannounced"], withdrawal__isnull=False),
                name="change_has_its_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="change_by_account"),
            models.Index(fields=["account", "asset", "id"], name="change_by_step"),
            models.Index(fields=["cause", "-id"], name="change_by_cause"),
            models.Index(fields=["asset", "-id"], name="change_of_asset"),
            models.Index(fields=["asset", "difference", "id"], name="change_by_amount"),
            models.Index(fields=["created_at"], name="change_by_time"),
            # Most come by event, and have neither.
            models.Index(fields=["call"], condition=Q(call__isnull=False), name="change_by_call"),
            models.Index(
                fields=["withdrawal"], condition=Q(withdrawal__isnull=False), name="change_by_withdrawal"
            ),
        ]

    def __str__(self) -> str:
        return f"{asset_label(self.asset)}{UNBROKEN}{signed(self.asset, self.difference)}"
