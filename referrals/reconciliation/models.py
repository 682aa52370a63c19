"""Comparing what hireops has with what Feishu has, day by day."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.desk.states import States
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call


class Reconciliation(models.Model):
    """One day of one tenant: points against Feishu (contract 2.6), cash against our own books.

    A withdrawal belongs to the day if ``starts_at <= trans_time < ends_at``.
    """

    class State(States):
        RUNNING = "running", "busy", _("running")
        MATCHED = "matched", "ok", _("all equal")
        DIFFERS = "differs", "warn", _("differs")
        FAILED = "failed", "bad", _("could not be finished")

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+", verbose_name=_("tenant"))
    day = models.DateField(_("day"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until, exclusive"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    accounts = models.PositiveIntegerField(_("accounts compared"), default=0)
    differences = models.PositiveIntegerField(_("differences"), default=0)
    # Calls are owed a few at a time, by account ID; what comes after this one is still to be owed.
    owed_up_to = models.CharField(max_length=255, blank=True, editable=False)
    all_owed = models.BooleanField(default=False, editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    started_at = models.DateTimeField(_("started"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-id"]
        permissions = [("run_reconciliation", gettext_noop("Can reconcile a day"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["running", "matched", "differs", "failed"]),
                name="reconciliation_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="reconciliation_ends_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "day"], condition=Q(state="running"), name="one_reconciliation_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "day"], name="reconciliation_by_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.tenant}"


class ReconciliationChunk(models.Model):
    """Some accounts of a reconciliation, compared by one call. ``points`` are our figures, by account ID."""

    class State(States):
        PENDING = "pending", "busy", _("on its way")
        COMPARED = "compared", "ok", _("compared")
        SPLIT = "split", "quiet", _("refused, asked again in smaller parts")
        UNKNOWN = "unknown", "warn", _("Feishu does not know the account")
        FAILED = "failed", "bad", _("refused")

    reconciliation = models.ForeignKey(
        Reconciliation, models.PROTECT, related_name="chunks", verbose_name=_("reconciliation")
    )
    points = models.JSONField(_("our points"))
    call = models.OneToOneField(
        Call, models.PROTECT, related_name="reconciliation_chunk", verbose_name=_("call")
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)

    class Meta:
        verbose_name = _("part of a reconciliation")
        verbose_name_plural = _("parts of a reconciliation")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "compared", "split", "unknown", "failed"]),
                name="chunk_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
