"""Who has an account."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.desk.retention import Personal
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from hireops.outbox.models import Call


class ReferralAccount(Personal):
    """The reward account of one employee (contract 2.0). Feishu names it; hireops only keeps what it says.

    ``figure_...`` tell where the newest *whole* balance came from: an event or the answer to a call. Two
    figures are compared by ``figure_at``, then as ``ledger/figures.py`` says. A withdrawal empties one kind
    only, as of ``points_taken_at`` or ``cash_taken_at``.
    """

    fetched_pending_status: int | None = None  # of this instance only: accounts/services.py
    WHOSE = ("mobile", "email", "name", "feishu_name", "feishu_mobile", "feishu_email")
    PERSONAL = (*WHOSE, "notes")

    class Status(models.IntegerChoices):
        AVAILABLE = 1, _("enabled")
        DISABLED = 2, _("deactivated")

    class Source(models.TextChoices):
        REGISTERED = "registered", _("registered here")
        EVENT = "event", _("found by event")

    # No index of its own, like some below: another one begins with it, or nothing looks for it. Each one more
    # is written with every event.
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, related_name="+", verbose_name=_("tenant"), db_index=False
    )
    account_id = models.CharField(_("account ID"), max_length=255)
    status = models.IntegerField(_("status"), choices=Status.choices, default=Status.AVAILABLE)
    source = models.CharField(_("known by"), max_length=16, choices=Source.choices)
    # As registered, or else as Feishu tells: E.164 such as +8618900001111, and an address in lower case.
    mobile = models.CharField(_("mobile number"), max_length=32, blank=True, db_index=True)
    email = models.CharField(_("email"), max_length=254, blank=True, db_index=True)
    name = models.CharField(_("employee"), max_length=255, blank=True, db_index=True)
    # What Feishu has of the employee whose account it is; empty where the app may not see it, or sees a mask.
    feishu_name = models.CharField(_("employee, by Feishu"), max_length=255, blank=True)
    feishu_mobile = models.CharField(_("mobile number, by Feishu"), max_length=32, blank=True)
    feishu_email = models.CharField(_("email, by Feishu"), max_length=254, blank=True)

    # When the newest event's change happened, by Feishu's clock. It never goes back.
    modify_time = models.DateTimeField(_("last change at Feishu"), null=True, blank=True)
    figure_at = models.DateTimeField(_("balance as of"), null=True, blank=True)
    figure_event = models.ForeignKey(
        Event,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("event"),
        db_index=False,
    )
    figure_call = models.ForeignKey(
        Call,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("call"),
        db_index=False,
    )
    # By our clock: when the newest figure of any kind was written here, and when Feishu was last asked.
    seen_at = models.DateTimeField(_("balance received"), null=True, blank=True)
    queried_at = models.DateTimeField(_("last asked"), null=True, blank=True)
    points_taken_at = models.DateTimeField(null=True, blank=True, editable=False)
    cash_taken_at = models.DateTimeField(null=True, blank=True, editable=False)

    created_at = models.DateTimeField(_("known since"), db_default=Now(), editable=False)
    # What staff keep of it for themselves, which may name people. Feishu is told nothing of it.
    notes = models.TextField(_("notes"), blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("referral account")
        verbose_name_plural = _("referral accounts")
        ordering = ["-id"]
        permissions = [
            ("refresh_referralaccount", gettext_noop("Can ask Feishu for the balance of a referral account")),
            ("switch_referralaccount", gettext_noop("Can enable and deactivate a referral account")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "account_id"], name="referral_account_is_unique"),
            models.CheckConstraint(
                condition=Q(source__in=["registered", "event"]), name="referral_account_source_is_known"
            ),
            models.CheckConstraint(
                condition=Q(figure_at__isnull=True, figure_event__isnull=True, figure_call__isnull=True)
                | Q(figure_at__isnull=False, figure_event__isnull=False, figure_call__isnull=True)
                | Q(figure_at__isnull=False, figure_event__isnull=True, figure_call__isnull=False),
                name="referral_figure_has_one_source",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "queried_at"], name="account_to_be_asked"),
            models.Index(fields=["status", "seen_at"], name="account_by_freshness"),
            models.Index(fields=["account_id"], name="account_by_its_id"),
            models.Index(fields=["status", "-id"], name="account_by_status"),
        ]

    def __str__(self) -> str:
        # Not the name: this is printed in audits and on pages of those who may not see personal data.
        return self.account_id

    @property
    def contact_differs(self) -> bool:
        """Whether Feishu has another mobile number or address of the employee than was registered here."""
        pairs = [(self.mobile, self.feishu_mobile), (self.email, self.feishu_email)]
        return any(ours and theirs and ours != theirs for ours, theirs in pairs)
