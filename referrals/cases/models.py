"""Mismatches that a person looks into."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.inbox.models import Event
from referrals.ledger.models import ASSET_LENGTH


class Case(models.Model):
    """Two figures that should be equal and are not. Closed by a person with a note, or by an explanation."""

    class Kind(models.TextChoices):
        POINTS = "points", _("Points differ from Feishu's")
        CASH = "cash", _("Cash differs within hireops")
        DRIFT = "drift", _("Balance moved without an event")
        UNASKED = "unasked", _("Feishu names what was not asked for")
        UNKNOWN_ACCOUNT = "unknown_account", _("Feishu does not know the account")
        CONTACT = "contact", _("Contact differs from Feishu's")
        FUTURE = "future", _("An event tells of a change in the future")
        TURNED_OUT = "turned_out", _("Ended as not done, and may be done")
        PERHAPS_PAID = "perhaps_paid", _("Perhaps paid after the backup")
        RETURNED_PAID = "returned_paid", _("Recorded as come back, and paid by the bank")

    kind = models.CharField(_("what"), max_length=16, choices=Kind.choices)
    account = models.ForeignKey(
        "referrals.ReferralAccount", models.PROTECT, related_name="cases", verbose_name=_("referral account")
    )
    asset = models.CharField(_("asset"), max_length=ASSET_LENGTH, blank=True)
    ours = models.DecimalField(_("our figure"), max_digits=18, decimal_places=2, null=True, blank=True)
    theirs = models.DecimalField(_("Feishu's figure"), max_digits=18, decimal_places=2, null=True, blank=True)
    reconciliation = models.ForeignKey(
        "referrals.Reconciliation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("reconciliation"),
    )
    withdrawal = models.ForeignKey(
        "referrals.Withdrawal",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("withdrawal"),
    )
    change = models.ForeignKey(
        "referrals.BalanceChange",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("balance change"),
    )
    event = models.ForeignKey(
        Event,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("event"),
        db_index=False,
    )
    payment = models.ForeignKey(
        "referrals.Payment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("payment"),
        db_index=False,
    )
    opened_at = models.DateTimeField(_("opened"), db_default=Now(), editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(  # empty: closed by what explained it
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-id"]
        permissions = [("close_case", gettext_noop("Can close a case"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, note="")
                | (Q(closed_at__isnull=False) & ~Q(note="")),
                name="case_is_closed_with_a_note",
            ),
        ]
        indexes = [
            models.Index(fields=["-id"], condition=Q(closed_at__isnull=True), name="case_open"),
            models.Index(fields=["account", "-id"], name="case_by_account"),
            models.Index(fields=["event"], condition=Q(event__isnull=False), name="case_by_event"),
            models.Index(fields=["payment"], condition=Q(payment__isnull=False), name="case_by_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"
