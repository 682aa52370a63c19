"""What two people have said about withdrawals that Feishu never answers."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hireops.desk.states import States


class Ending(models.Model):
    """One person says what became of a withdrawal without an answer, and why; another confirms it or not.

    ``evidence`` is what hireops laid before who proposed it, ``decided_on`` before who confirmed it: ids of
    attempts, calls and reconciliations, and figures (``evidence.py``). Of *taken*, ``taken`` is what was
    taken, by asset, as text.
    """

    class Outcome(models.TextChoices):
        NOT_DONE = "not_done", _("It was not done")
        TAKEN = "taken", _("It was done after all")

    class State(States):
        PROPOSED = "proposed", "warn", _("waits for a second person")
        CONFIRMED = "confirmed", "ok", pgettext_lazy("state", "confirmed")
        DECLINED = "declined", "quiet", _("declined")
        CANCELED = "canceled", "quiet", _("taken back")

    withdrawal = models.ForeignKey(
        "referrals.Withdrawal", models.PROTECT, related_name="endings", verbose_name=_("withdrawal")
    )
    outcome = models.CharField(_("what became of it"), max_length=16, choices=Outcome.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PROPOSED)
    taken = models.JSONField(_("taken"), default=dict, blank=True)
    trans_time = models.DateTimeField(_("transaction time"), null=True, blank=True)

    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now(), editable=False)
    reason = models.TextField(_("why"))
    evidence = models.JSONField(_("evidence"), default=dict)

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
    decided_on = models.JSONField(_("evidence when deciding"), default=dict)
    # REFERRALS_SELF_APPROVAL was on when the proposer confirmed it.
    self_approved = models.BooleanField(_("confirmed by the proposer"), default=False)

    class Meta:
        verbose_name = _("ending of a withdrawal")
        verbose_name_plural = _("endings of withdrawals")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "confirmed", "declined", "canceled"]),
                name="ending_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(outcome="not_done", taken={}, trans_time__isnull=True)
                | Q(outcome="taken", trans_time__isnull=False),
                name="ending_taken_has_its_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="ending_has_its_reason"),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="ending_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | ~Q(decided_by=F("proposed_by")) | Q(self_approved=True),
                name="ending_confirmed_by_another",
            ),
            models.UniqueConstraint(
                fields=["withdrawal", "outcome"],
                condition=Q(state__in=["proposed", "confirmed"]),
                name="one_ending_of_a_withdrawal",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="ending_by_state")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_outcome_display()}"
