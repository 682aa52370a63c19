"""What Feishu sends us: each event once, and every try to handle it."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.database.clock import FROM_THE_FUTURE
from hireops.database.months import ThisMonth
from hireops.desk.states import States
from hireops.encrypted_columns import EncryptedBinaryField
from hireops.feishu.models import Tenant

ID_LENGTH = 255


class DecimalDecoder(json.JSONDecoder):
    """Reads JSON numbers with a fraction as ``Decimal``: amounts never pass through a float."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "parse_float": Decimal})


class Event(models.Model):
    """One event of Feishu (contract 6.3). Only its state ever changes.

    An *unreadable* event has ``sha256:`` and the digest of its raw bytes as ``event_id``. A *failed* event
    with a ``not_before`` is tried again by itself; without one it waits for a person. The row stays for ever,
    so that the same event is recognised whenever it comes again; what it said is ``content``, which goes.

    Ids follow the order of arrival but for a few seconds (``hireops.inbox.event_queries`` relies on it).
    """

    class State(States):
        PENDING = "pending", "busy", _("Waiting")
        HANDLED = "handled", "ok", _("Handled")
        UNHANDLED = "unhandled", "warn", _("No handler")
        FAILED = "failed", "bad", _("Failed")
        UNREADABLE = "unreadable", "bad", _("Unreadable")
        SET_ASIDE = "set_aside", "quiet", _("Set aside")

    class Cause(models.TextChoices):
        CONTENT = "content", _("Its content cannot be used")
        ERROR = "error", _("An error inside hireops")
        LOST = "lost", _("The worker died over it")

    app_id = models.CharField(_("app"), max_length=ID_LENGTH)
    event_id = models.CharField(_("event ID"), max_length=ID_LENGTH)
    event_type = models.CharField(_("event type"), max_length=ID_LENGTH, blank=True)
    tenant_key = models.CharField(_("tenant key"), max_length=ID_LENGTH, blank=True)
    created_at = models.DateTimeField(_("created at Feishu"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())
    digest = models.CharField(_("digest"), max_length=64)

    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)
    reason = models.TextField(_("reason"), blank=True, db_default="", default="")
    # Why it failed, for staff to choose the next step; written with the reason.
    cause = models.CharField(
        _("cause"), max_length=16, choices=Cause.choices, blank=True, db_default="", default=""
    )
    # The id of what it is about, mostly an account, to find it by.
    # Null, not "": every index of SQLite and PostgreSQL can then leave those out that have none.
    subject = models.CharField(_("about"), max_length=ID_LENGTH, null=True, blank=True)  # noqa: DJ001
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    # When a worker may take it next, by the database's clock. Empty: not before somebody asks for it.
    not_before = models.DateTimeField(_("next try"), null=True, blank=True, db_default=Now())
    tries = models.PositiveIntegerField(_("tries"), db_default=0, default=0)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        permissions = [("replay_event", gettext_noop("Can replay events"))]
        constraints = [
            # The event's id first: staff look for it alone.
            models.UniqueConstraint(fields=["event_id", "app_id"], name="event_is_kept_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["pending", "handled", "unhandled", "failed", "unreadable", "set_aside"]
                ),
                name="event_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="handled", handled_at__isnull=False)
                | (~Q(state="handled") & Q(handled_at__isnull=True)),
                name="event_handled_has_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before", "id"], condition=Q(not_before__isnull=False), name="event_due"
            ),
            # Each for the range scans of hireops.inbox.event_queries: one value, ids in order, newest first.
            models.Index(fields=["state", "id"], name="event_by_state"),
            models.Index(fields=["event_type", "id"], name="event_by_type"),
            models.Index(fields=["tenant_key", "id"], name="event_by_tenant"),
            models.Index(fields=["received_at"], name="event_by_day"),
            models.Index(
                fields=["subject", "id"], condition=Q(subject__isnull=False), name="event_by_subject"
            ),
        ]

    def __str__(self) -> str:
        named = self.event_type or _("unreadable")
        return f"{named} {self.event_id}"

    @property
    def tenant(self) -> Tenant:
        """The customer this event speaks of; made known by it if it is the first from there."""
        return Tenant.objects.known(app_id=self.app_id, tenant_key=self.tenant_key)

    @property
    def happened_at(self) -> datetime:
        """When Feishu made it, by its own clock; when it came, if that time is missing or from the future."""
        latest = self.received_at + FROM_THE_FUTURE
        return self.created_at if self.created_at and self.created_at <= latest else self.received_at

    @property
    def has_content(self) -> bool:
        """Not after its month is over for long enough (``hireops.inbox.trimming``)."""
        return hasattr(self, "content")

    @property
    def payload(self) -> dict[str, Any] | None:
        """The envelope; None if nobody could read it, or not any more."""
        return self.content.payload if self.has_content else None

    @property
    def body(self) -> dict[str, Any]:
        """The ``event`` object: what the pages of the contract describe for each event type."""
        return dict((self.payload or {})["event"])


class EventContent(models.Model):
    """What an event said, as it came. By month, so that what is old is dropped whole.

    ``payload`` is the whole decrypted envelope without the Verification Token; an *unreadable* event has
    none. ``raw`` is encrypted: without an Encrypt Key, and over the long connection, the token is in it.
    """

    # Without a constraint: the event stays for ever, and a month is dropped without a look at the events.
    event = models.OneToOneField(
        Event, models.DO_NOTHING, primary_key=True, related_name="content", db_constraint=False
    )
    month = models.IntegerField(_("month"), db_default=ThisMonth(), editable=False)
    raw = EncryptedBinaryField(_("raw bytes"))
    payload = models.JSONField(_("content"), null=True, blank=True, decoder=DecimalDecoder)

    class Meta:
        verbose_name = _("content")
        verbose_name_plural = _("contents")
        default_permissions = ()  # the page of the event shows it

    def __str__(self) -> str:
        return f"{self.event_id} {self.month}"


def tenants_of(events: Iterable[Event]) -> dict[int, Tenant]:
    """The tenant of each event, by the event's primary key; each tenant is looked up once."""
    tenants: dict[tuple[str, str], Tenant] = {}
    found = {}
    for event in events:
        owner = event.app_id, event.tenant_key
        if owner not in tenants:
            tenants[owner] = event.tenant
        found[event.pk] = tenants[owner]
    return found


class Batch(models.Model):
    """Events that a worker has claimed. Committed before it begins with them, gone when it has handled them.

    While it works it holds the lock of this row; so a row that is old and not locked tells of a worker that
    died, and of what it died over.
    """

    events = models.JSONField()  # their ids
    started_at = models.DateTimeField()
    leaves_some = False  # whether more was due when it was taken; only its worker knows

    class Meta:
        default_permissions = ()  # no page shows them

    def __str__(self) -> str:
        return f"{len(self.events)} events since {self.started_at:%Y-%m-%d %H:%M:%S}"


class Attempt(models.Model):
    """One try to handle an event, written when it has ended. Never changed; dropped by the month."""

    class Outcome(States):
        HANDLED = "handled", "ok", _("Handled")
        UNHANDLED = "unhandled", "warn", _("No handler")
        RAISED = "raised", "quiet", _("Raised an error")
        LOST = "lost", "warn", _("Worker was lost")

    event = models.ForeignKey(
        Event, models.DO_NOTHING, related_name="attempts", verbose_name=_("event"), db_constraint=False
    )
    month = models.IntegerField(_("month"), db_default=ThisMonth(), editable=False)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"))
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.started_at:%Y-%m-%d %H:%M:%S}"


# Of which old months are dropped whole.
MONTHLY: tuple[type[models.Model], ...] = (EventContent, Attempt)


class Conflict(models.Model):
    """Another content that came under the id of an event we have. The first one counts; this is noted."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="conflicts", verbose_name=_("event"))
    received_at = models.DateTimeField(_("received"), db_default=Now())
    digest = models.CharField(_("digest"), max_length=64)
    raw = EncryptedBinaryField(_("raw bytes"))
    payload = models.JSONField(_("content"), null=True, blank=True, decoder=DecimalDecoder)

    class Meta:
        verbose_name = _("other content under the same ID")
        verbose_name_plural = _("other contents under the same ID")
        constraints = [models.UniqueConstraint(fields=["event", "digest"], name="conflict_is_noted_once")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.digest[:12]}"


class Replay(models.Model):
    """Somebody's wish to have everything handled once more that failed; fulfilled piece by piece.

    It takes the events that were received from ``since`` to ``asked_at``, in the order of their ids;
    ``done_to`` is the last id that it looked at.
    """

    since = models.DateTimeField(_("received since"))
    event_type = models.CharField(_("event type"), max_length=ID_LENGTH, blank=True)
    reason = models.TextField(_("reason"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    asked_at = models.DateTimeField(_("asked for"))
    done_to = models.BigIntegerField(default=0, editable=False)
    replayed = models.PositiveIntegerField(_("events replayed"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("replay of failed events")
        verbose_name_plural = _("replays of failed events")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} {self.event_type}".strip()


class JournalFailure(models.Model):
    """When a host could last not keep an event beside the database (``hireops.inbox.journal``)."""

    host = models.CharField(_("host"), max_length=64, primary_key=True)
    at = models.DateTimeField(_("time"))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("failure of the event journal")
        verbose_name_plural = _("failures of the event journal")
        default_permissions = ()

    def __str__(self) -> str:
        return self.host
