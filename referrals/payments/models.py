"""What is handed over to the paying side, and each payment of it."""

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from hireops.database.empty_last import Downwards
from hireops.desk.retention import Personal
from hireops.desk.states import States
from hireops.encrypted_columns import EncryptedBinaryField
from referrals.ledger.models import ASSET_LENGTH


class PayoutBatch(models.Model):
    """What is handed over to the paying side at once. Its files come from its payments, always alike."""

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("handed over by")
    )
    created_at = models.DateTimeField(pgettext_lazy("time", "handed over"), db_default=Now(), editable=False)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("payout batch")
        verbose_name_plural = _("payout batches")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ResultsFile(models.Model):
    """A results file of the paying side: evidence of what was recorded from it.

    One from which nothing was recorded is removed by night.
    """

    batch = models.ForeignKey(
        PayoutBatch, models.PROTECT, related_name="results_files", verbose_name=_("payout batch")
    )
    name = models.CharField(_("file"), max_length=255, blank=True)
    sheet = models.CharField(_("sheet"), max_length=255, blank=True)
    content = EncryptedBinaryField(editable=False)
    # Numbers of the lines that the page of its check has offered to record.
    offered = models.JSONField(default=list, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"), db_default=Now(), editable=False)
    recorded_at = models.DateTimeField(_("recorded"), null=True, blank=True, editable=False)
    emptied_at = models.DateTimeField(_("personal data removed"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("results file")
        verbose_name_plural = _("results files")
        ordering = ["-id"]
        default_permissions = ()  # the page of the batch has them
        indexes = [
            models.Index(
                fields=["uploaded_at"], condition=Q(emptied_at__isnull=True), name="results_file_to_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Payment(Personal):
    """Paying one amount of a withdrawal to its employee.

    ``state`` is the result as it was recorded, which never changes. That a payment came back is recorded from
    a results file (``evidence``), or by two people with a confirmed ``Reversal``; until then its amount is
    with the paying side. One that was made and did not last is taken back by a confirmed ``Reversal`` too, of
    which ``reversed_at`` tells; ``standing`` is both together. What came back or was reversed is paid by a
    new payment, ``instead_of`` this one.
    """

    PERSONAL = ("payee_name", "payee_mobile", "payee_email")

    class State(States):
        HANDED_OVER = "handed_over", "busy", _("handed over")
        PAID = "paid", "ok", _("paid")
        BOUNCED = "bounced", "bad", _("came back")

    class Standing(States):
        HANDED_OVER = "handed_over", "busy", _("handed over")
        PAID = "paid", "ok", _("paid")
        BOUNCED = "bounced", "bad", _("came back")
        REVERSED = "reversed", "bad", _("reversed")

    # What a payment counts as, and once only, in every figure, list, filter and export: *paid* is what was
    # recorded as made and not reversed since, so it is net of what was reversed.
    STANDING = Case(When(reversed_at__isnull=False, then=Value("reversed")), default=F("state"))
    # Of each amount one at most: it is with the paying side, or the employee has the money.
    LIVE = Q(state__in=["handed_over", "paid"], reversed_at__isnull=True)

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
    evidence = models.ForeignKey(
        ResultsFile,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        verbose_name=_("recorded from"),
        db_index=False,
    )
    reversed_at = models.DateTimeField(_("reversed"), null=True, blank=True, editable=False)
    instead_of = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="paid_again_by",
        verbose_name=_("paid instead of"),
    )

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
            models.CheckConstraint(
                condition=Q(state="paid") | Q(reversed_at__isnull=True), name="payment_reversed_was_made"
            ),
            models.UniqueConstraint(
                fields=["amount"],
                condition=Q(state__in=["handed_over", "paid"], reversed_at__isnull=True),
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
            models.Index(
                fields=["evidence"], condition=Q(evidence__isnull=False), name="payment_by_evidence"
            ),
            models.Index(
                fields=["reversed_at"], condition=Q(reversed_at__isnull=False), name="payment_by_reversal"
            ),
            models.Index(fields=["asset", "sum"], name="payment_by_sum"),
            models.Index(fields=["recorded_at", "-id"], name="payment_oldest_record"),
            Downwards(column="recorded_at", name="payment_newest_record"),
        ]

    def __str__(self) -> str:
        return self.payment_id

    @classmethod
    def standing_is(cls, standing: str) -> Q:
        """Condition of a query for that ``standing``; without an expression, so that indexes carry it."""
        if standing == cls.Standing.REVERSED:
            return Q(reversed_at__isnull=False)
        return Q(state=standing, reversed_at__isnull=True)

    @property
    def standing(self) -> Standing:
        return self.Standing("reversed" if self.reversed_at else self.state)

    @property
    def is_live(self) -> bool:
        """As ``LIVE``."""
        return self.standing in {self.Standing.HANDED_OVER, self.Standing.PAID}

    @property
    def paid_again(self) -> "Payment | None":
        """The other payment of the same amount that is with the paying side or was made."""
        return Payment.objects.filter(Payment.LIVE, amount=self.amount_id).exclude(pk=self.pk).first()

    @property
    def why_not_paid(self) -> str:
        """Why it came back, or was reversed; empty for any other. Prefetch ``reversals`` of many."""
        return self._why_reversed() if self.standing == self.Standing.REVERSED else self.reason

    def _why_reversed(self) -> str:
        found = (each for each in self.reversals.all() if each.state == Reversal.State.CONFIRMED)
        return next((each.why for each in found), "")

    @property
    def open_reversal(self) -> "Reversal | None":
        """The one that waits for a second person. Prefetch ``reversals`` of many."""
        return next((each for each in self.reversals.all() if each.state == Reversal.State.PROPOSED), None)


class Reversal(models.Model):
    """Two-person statement that a payment has come back, before or after it was recorded as made."""

    class Cause(models.TextChoices):
        ACCOUNT_CLOSED = "account_closed", _("returned by the bank: the account is closed")
        NAME_MISMATCH = "name_mismatch", _("returned by the bank: the name does not match the account")
        WRONG_ROW = "wrong_row", _("never made: the wrong row was recorded in hireops")
        OTHER = "other", _("another reason")

    class State(States):
        PROPOSED = "proposed", "warn", _("waits for a second person")
        CONFIRMED = "confirmed", "ok", pgettext_lazy("state", "confirmed")
        DECLINED = "declined", "quiet", _("declined")
        CANCELED = "canceled", "quiet", _("taken back")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="reversals", verbose_name=_("payment"))
    cause = models.CharField(_("what happened"), max_length=16, choices=Cause.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now(), editable=False)
    reason = models.TextField(_("why"), blank=True)

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
    # REFERRALS_SELF_APPROVAL was on when the proposer confirmed it.
    self_approved = models.BooleanField(_("confirmed by the proposer"), default=False)

    class Meta:
        verbose_name = _("reversal of a payment")
        verbose_name_plural = _("reversals of payments")
        ordering = ["-id"]
        default_permissions = ("view",)  # record_payment proposes one, approve_withdrawal decides it
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "confirmed", "declined", "canceled"]),
                name="reversal_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(cause__in=["account_closed", "name_mismatch", "wrong_row", "other"]),
                name="reversal_cause_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(cause="other") | ~Q(reason=""), name="reversal_of_another_cause_says_it"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="reversal_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | ~Q(decided_by=F("proposed_by")) | Q(self_approved=True),
                name="reversal_confirmed_by_another",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(state__in=["proposed", "confirmed"]),
                name="one_reversal_of_a_payment",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="reversal_by_state")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.payment}"

    @property
    def why(self) -> str:
        """What happened, and what was written to it."""
        return f"{self.get_cause_display()} · {self.reason}" if self.reason else self.get_cause_display()
