"""What is handed over to the paying side, and each payment of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.desk.retention import Personal
from hireops.desk.states import States
from referrals.ledger.models import ASSET_LENGTH


class PayoutBatch(models.Model):
    """What is handed over to the paying side at once. Its files come from its payments, always alike."""

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("handed over by")
    )
    created_at = models.DateTimeField(_("handed over"), db_default=Now(), editable=False)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("payout batch")
        verbose_name_plural = _("payout batches")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Payment(Personal):
    """Paying one amount of a withdrawal to its employee. One that came back is paid by a new one."""

    PERSONAL = ("payee_name", "payee_mobile", "payee_email")

    class State(States):
        HANDED_OVER = "handed_over", "busy", _("handed over")
        PAID = "paid", "ok", _("paid")
        BOUNCED = "bounced", "bad", _("came back")

    batch = models.ForeignKey(
        PayoutBatch, models.PROTECT, related_name="payments", verbose_name=_("payout batch")
    )
    amount = models.ForeignKey(
        "referrals.WithdrawalAmount", models.PROTECT, related_name="payments", verbose_name=_("amount")
    )
    # What the paying side is to pay once: the order ID with the number of the try (contract 9.3, step 7).
    payment_id = models.CharField(_("payment ID"), max_length=100, unique=True)
    asset = models.CharField(_("asset"), max_length=ASSET_LENGTH)
    sum = models.DecimalField(_("sum"), max_digits=18, decimal_places=2)
    # Whom the paying side was told to pay: as the account had it at the hand-over, whatever becomes of that.
    payee_name = models.CharField(_("employee"), max_length=255, blank=True)
    payee_mobile = models.CharField(_("mobile number"), max_length=32, blank=True)
    payee_email = models.CharField(_("email"), max_length=254, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.HANDED_OVER)
    reference = models.CharField(_("reference of the payment"), max_length=255, blank=True)
    reason = models.TextField(_("why it came back"), blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["batch", "id"]
        permissions = [("record_payment", gettext_noop("Can record that a payment was made or came back"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["handed_over", "paid", "bounced"]), name="payment_state_is_known"
            ),
            models.CheckConstraint(condition=Q(sum__gt=0), name="payment_pays_something"),
            models.CheckConstraint(
                condition=Q(state="handed_over", recorded_by__isnull=True, recorded_at__isnull=True)
                | (~Q(state="handed_over") & Q(recorded_by__isnull=False, recorded_at__isnull=False)),
                name="payment_recorded_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | ~Q(reference=""), name="payment_made_has_its_reference"
            ),
            models.CheckConstraint(
                condition=~Q(state="bounced") | ~Q(reason=""), name="payment_that_came_back_says_why"
            ),
            models.UniqueConstraint(
                fields=["amount"],
                condition=Q(state__in=["handed_over", "paid"]),
                name="amount_is_paid_once",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "state"], name="payment_by_batch"),
            models.Index(fields=["state", "-id"], name="payment_by_state"),
            models.Index(
                fields=["state", "recorded_at"],
                condition=Q(recorded_at__isnull=False),
                name="payment_by_record",
            ),
            models.Index(fields=["reference"], condition=~Q(reference=""), name="payment_by_reference"),
        ]

    def __str__(self) -> str:
        return self.payment_id
