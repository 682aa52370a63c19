"""What we tell Feishu: each call once, and every try to send it. The rows are the queue."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from hireops.contacts import without_contacts
from hireops.desk.states import States
from hireops.feishu.codes import CATCH_ALL_CODES
from hireops.feishu.models import Tenant

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class CallQuerySet(models.QuerySet["Call"]):
    def lost(self, now: datetime) -> "CallQuerySet":
        """What a worker took and did not finish in time: it was killed, stopped or cut off."""
        return self.filter(lease_key__isnull=False, lease_until__lte=now)

    def may_have_landed(self) -> "CallQuerySet":
        """What Feishu may have done, now or soon, whatever became of the call here."""
        landed = Attempt.objects.filter(Attempt.MAY_HAVE_LANDED, call=OuterRef("pk"))
        return self.filter(Q(lease_key__isnull=False) | Exists(landed))


class Channel(models.Model):
    """All calls of one operation to one tenant: what keeps one of them from succeeding keeps the others too.

    Nothing of a channel leaves before ``open_from``. After ``failures`` in a row one call at a time tries
    whether it works again. Workers serve open channels in turn (channels.py).
    """

    class ClosedBy(models.TextChoices):
        FAILURES = "failures", _("Calls of this kind fail one after the other")
        FEISHU = "feishu", _("Feishu's rate limit is reached")
        OWN_QUOTA = "own_quota", _("The quota is used up for the moment")

    operation = models.CharField(_("operation"), max_length=100)
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tenant")
    )
    open_from = models.DateTimeField(_("open from"))
    closed_by = models.CharField(
        pgettext_lazy("a channel", "closed by"), max_length=16, choices=ClosedBy.choices, blank=True
    )
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    # A try that began before the last failure tells nothing about the time after it.
    failed_at = models.DateTimeField(_("failed last"), null=True, blank=True)
    served_at = models.DateTimeField(_("served last"))

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.UniqueConstraint(fields=["operation", "tenant"], name="one_channel_per_operation"),
            models.UniqueConstraint(
                fields=["operation"], condition=Q(tenant=None), name="one_channel_without_tenant"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.tenant or ''}".strip()


class SentenceField(_TextField):
    """What Feishu said. Rows of earlier versions may quote a number or an address, which nobody reads."""

    def from_db_value(self, value: str | None, *_of: object) -> str | None:
        return without_contacts(value) if value else value

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.TextField", arguments, options  # its column is an ordinary one


class Call(models.Model):
    """One thing that Feishu is owed. What is sent never changes; only what became of it does.

    Calls of one ``lane`` (a target of a tenant) are sent one at a time, in the order in which they were
    enqueued. ``answer`` is there once Feishu has said yes: from then on it is never sent again.
    """

    class State(States):
        PENDING = "pending", "busy", _("To be sent")
        SUCCEEDED = "succeeded", "ok", _("Done")
        REFUSED = "refused", "bad", _("Refused")
        SUPERSEDED = "superseded", "quiet", _("Replaced by a newer one")
        CANCELED = "canceled", "quiet", _("Cancelled")
        WAITING = "waiting", "warn", _("Waiting for a person")

    FINAL = [State.SUCCEEDED, State.REFUSED, State.SUPERSEDED, State.CANCELED]

    operation = models.CharField(_("operation"), max_length=100)
    target = models.CharField(_("target"), max_length=255)
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tenant")
    )
    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="calls", db_index=False, verbose_name=_("channel")
    )
    lane = models.CharField(max_length=300, editable=False)
    payload = models.JSONField(_("what is sent"), encoder=DjangoJSONEncoder)
    replaces_older = models.BooleanField(_("replaces older ones"), default=False)

    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)
    # Why it is in this state: a key of reasons.py and what that text needs. Never a sentence.
    reason = models.CharField(_("reason"), max_length=50, blank=True)
    reason_details = models.JSONField(default=dict, blank=True)
    not_before = models.DateTimeField(_("not before"))
    # The time allowed for sending counts from here: when it was enqueued, or sent again by hand.
    pending_since = models.DateTimeField(_("to be sent since"))
    # Who is sending it at this moment; and until when its request may be on its way, so that nothing else of
    # its lane may leave. The second stays when the first is over and nobody knows what became of the request.
    lease_key = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    # Nobody knows whether Feishu has done it, and doing it twice would do harm: to be found out first.
    unresolved = models.BooleanField(default=False, editable=False)

    answer = models.JSONField(_("answer"), null=True, blank=True, encoder=DjangoJSONEncoder)
    log_id = models.CharField(_("log ID"), max_length=255, blank=True)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    error_code = models.BigIntegerField(_("error code"), null=True, blank=True)
    error_message = SentenceField(_("error message"), blank=True)

    superseded_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="superseded",
        verbose_name=_("replaced by"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # When what was sent and answered was thrown away because of its age (trimming.py).
    trimmed_at = models.DateTimeField(_("content removed"), null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        permissions = [
            ("resend_call", gettext_noop("Can send a call to Feishu again")),
            ("cancel_call", gettext_noop("Can cancel a call to Feishu")),
            ("resolve_call", gettext_noop("Can say that a call has been done at Feishu")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["pending", "succeeded", "refused", "superseded", "canceled", "waiting"]
                ),
                name="call_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "waiting"], finished_at__isnull=True)
                | (~Q(state__in=["pending", "waiting"]) & Q(finished_at__isnull=False)),
                name="call_final_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(lease_key__isnull=True) | Q(state="pending", lease_until__isnull=False),
                name="call_on_its_way_is_pending",
            ),
            models.CheckConstraint(
                condition=~Q(state="succeeded") | Q(answer__isnull=False), name="call_done_has_an_answer"
            ),
            # The last word on "one at a time": whatever workers see, the database lets one of them in.
            models.UniqueConstraint(
                fields=["lane"], condition=Q(lease_key__isnull=False), name="call_lane_carries_one"
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "not_before", "id"],
                condition=Q(state="pending"),
                name="call_due_in_channel",
            ),
            models.Index(fields=["not_before", "id"], condition=Q(state="pending"), name="call_due"),
            models.Index(fields=["lane", "id"], condition=Q(state="pending"), name="call_queue_of_lane"),
            models.Index(
                fields=["lane", "lease_until"],
                condition=Q(lease_until__isnull=False),
                name="call_lane_is_quiet",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(lease_until__isnull=False), name="call_lease_ends"
            ),
            models.Index(fields=["lane", "-id"], name="call_by_lane"),
            models.Index(fields=["target", "-id"], name="call_by_target"),
            models.Index(fields=["state", "-id"], name="call_by_state"),
            models.Index(fields=["operation", "-id"], name="call_by_operation"),
            models.Index(fields=["tenant", "-id"], name="call_by_tenant"),
            models.Index(fields=["created_at"], name="call_by_creation"),
            models.Index(
                fields=["finished_at"],
                condition=Q(trimmed_at__isnull=True, finished_at__isnull=False),
                name="call_to_be_trimmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} #{self.pk}"

    @property
    def tenant_key(self) -> str:
        """Empty for calls of the app itself: a custom app's token belongs to its only tenant."""
        return self.tenant.tenant_key if self.tenant else ""


def lane_of(tenant: Tenant | None, target: str) -> str:
    """The line in which calls about one thing wait for each other."""
    return f"{tenant.pk if tenant else ''}/{target}"


class Attempt(models.Model):
    """One try to send a call, or to find out what became of it. Written before, its end once; never removed.

    Except one that our own quota held back before anything was sent: that was no try.
    """

    class Outcome(States):
        SUCCESS = "success", "ok", _("Done")
        REFUSED = "refused", "bad", _("Refused by Feishu")
        NOT_SENT = "not_sent", "warn", _("Not sent")
        UNKNOWN = "unknown", "warn", _("No clear answer")
        LOST = "lost", "warn", _("Worker was lost")
        UNAPPLIED = "unapplied", "warn", _("Done, answer not taken in")
        FAILED = "failed", "bad", _("Failed inside hireops")
        NOT_DONE = "not_done", "quiet", _("Found out: not done")
        UNCLEAR = "unclear", "quiet", _("Could not be found out")

    # Feishu may have done it. Also where it says "system error": that is one of the meanings (contract 8.4).
    NOT_REFUSED = [Outcome.SUCCESS, Outcome.UNKNOWN, Outcome.LOST, Outcome.UNAPPLIED, Outcome.FAILED]
    MAY_HAVE_LANDED = Q(outcome__in=NOT_REFUSED) | Q(code__in=CATCH_ALL_CODES)

    call = models.ForeignKey(Call, models.CASCADE, related_name="attempts", verbose_name=_("call"))
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices, blank=True)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    code = models.BigIntegerField(_("error code"), null=True, blank=True)
    message = SentenceField(_("message"), blank=True)
    log_id = models.CharField(_("log ID"), max_length=255, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration in ms"), null=True, blank=True)
    resolving = models.BooleanField(_("finding out"), default=False)
    endpoint = models.CharField(_("interface"), max_length=100, blank=True)
    # When the answer left, by Feishu's clock and to the second, where it says so.
    feishu_at = models.DateTimeField(_("answered, by Feishu's clock"), null=True, blank=True)
    # Masked and cut (evidence.py): what was sent and answered, for people.
    request = models.JSONField(_("what was sent"), null=True, blank=True)
    response = models.JSONField(_("what was answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", finished_at__isnull=True)
                | (~Q(outcome="") & Q(finished_at__isnull=False)),
                name="call_attempt_ends_once",
            ),
            models.UniqueConstraint(
                fields=["call"], condition=Q(finished_at__isnull=True), name="call_is_tried_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["call"], condition=Q(outcome="success"), name="call_succeeds_once"
            ),
        ]
        indexes = [models.Index(fields=["log_id"], condition=~Q(log_id=""), name="call_attempt_by_log_id")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display() or _('running')} {self.started_at:%Y-%m-%d %H:%M:%S}"
