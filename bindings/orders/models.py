"""What background checks and exams have in common: whose order it is, about whom, and what is told of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bindings.accounts.models import EcoAccount
from bindings.customers.models import Customer
from hireops.desk.append_only import AppendOnly
from hireops.desk.retention import Personal
from hireops.desk.states import States
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from hireops.outbox.models import Call


class Turn(models.TextChoices):
    """Who has to do something before it goes on."""

    VENDOR = "vendor", pgettext_lazy("whose turn", "ours")
    CANDIDATE = "candidate", _("the candidate's")
    CUSTOMER = "customer", _("the customer's")
    NOBODY = "nobody", _("nobody's")


class Order(Personal):
    """One order of a customer. ``account`` is empty as long as nobody knows the account that the event names
    (``account_named``); ``customer`` is whose it was when it came, or, if nobody knew, when it was bound."""

    PERSONAL: ClassVar[tuple[str, ...]] = (
        "candidate_name",
        "candidate_mobile",
        "candidate_email",
        "notes",
    )

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+", verbose_name=_("tenant"))
    account_named = models.CharField(_("account ID"), max_length=255)
    account = models.ForeignKey(
        EcoAccount,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="%(class)ss",
        verbose_name=_("account"),
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="%(class)ss", verbose_name=_("customer")
    )
    event = models.OneToOneField(Event, models.PROTECT, related_name="+", verbose_name=_("event"))

    candidate_name = models.CharField(_("candidate"), max_length=255, blank=True)
    candidate_mobile = models.CharField(_("mobile number"), max_length=64, blank=True)  # E.164 if it is one
    candidate_email = models.CharField(_("email"), max_length=254, blank=True)

    received_at = models.DateTimeField(_("received"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # What was promised at first and what holds now; provisional while the year's calendar is not announced.
    first_promised_on = models.DateField(_("first promised for"), null=True, blank=True)
    promised_on = models.DateField(_("promised for"), null=True, blank=True)
    promise_is_provisional = models.BooleanField(_("provisional"), default=False)
    # Working days from receipt to that day; empty if a person has named the day. While the clock stands still
    # the order is not late; the days that it stood are added when it goes on.
    promised_days = models.PositiveSmallIntegerField(
        _("promised working days"), null=True, blank=True, editable=False
    )
    clock_stopped_at = models.DateTimeField(_("clock stopped"), null=True, blank=True, editable=False)
    # Whether it ended after the day for which it was promised then; empty while it is open.
    ended_late = models.BooleanField(_("ended late"), null=True, editable=False)
    turn = models.CharField(_("whose turn"), max_length=16, choices=Turn.choices, default=Turn.VENDOR)
    turn_since = models.DateTimeField(_("since"))
    # Why a person has to look before anything else leaves: a key of the room's texts. Never a sentence.
    to_look_at = models.CharField(_("to be looked at"), max_length=50, blank=True)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        abstract = True


class OrderUpdate(models.Model):
    """Something that is told to Feishu of an order. They leave one at a time, by ``number``; the next one is
    owed to the outbox when the one before has been delivered."""

    class State(States):
        QUEUED = "queued", "quiet", _("waits for its turn")
        SENDING = "sending", "busy", pgettext_lazy("message about an order", "on its way")
        DELIVERED = "delivered", "ok", _("delivered")
        IN_DOUBT = "in_doubt", "warn", _("may have arrived")
        REFUSED = "refused", "bad", _("refused")
        STOPPED = "stopped", "quiet", pgettext_lazy("message about an order", "not sent")
        LEFT = "left", "quiet", _("left open")

    # What nothing else of the order may overtake.
    OPEN = [State.QUEUED, State.SENDING, State.IN_DOUBT, State.REFUSED]
    # Of these an order has one at most.
    NOT_ALONE = ["sending", "in_doubt", "refused"]

    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.QUEUED)
    # Why it was stopped, or what a person has found out: a key of the room's texts.
    why = models.CharField(_("why"), max_length=50, blank=True)
    call = models.OneToOneField(
        Call, models.PROTECT, null=True, blank=True, related_name="%(class)s", verbose_name=_("call")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        abstract = True


class PromiseChange(AppendOnly):
    """Why an order is promised for another day than before. ``before`` is empty for the first promise."""

    class Cause(models.TextChoices):
        RECEIVED = "received", _("promised when it came")
        CALENDAR = "calendar", _("a year's calendar was loaded")
        CLOCK = "clock", _("the clock stood still")
        CANDIDATE = "candidate", _("the candidate is late")
        CUSTOMER = "customer", _("the customer has asked for it")
        THIRD_PARTY = "third_party", _("a court, school or employer is late")
        OURS = "ours", _("our own delay")
        OTHER = "other", _("another reason")

    # What a person may give as a cause.
    BY_HAND = [Cause.CANDIDATE, Cause.CUSTOMER, Cause.THIRD_PARTY, Cause.OURS, Cause.OTHER]

    background_check = models.ForeignKey(
        "bindings.BackgroundCheck", models.PROTECT, null=True, blank=True, related_name="promise_changes"
    )
    exam = models.ForeignKey(
        "bindings.Exam", models.PROTECT, null=True, blank=True, related_name="promise_changes"
    )
    cause = models.CharField(_("cause"), max_length=16, choices=Cause.choices)
    before = models.DateField(_("before"), null=True, blank=True)
    after = models.DateField(_("after"))
    is_provisional = models.BooleanField(_("provisional"), default=False)
    reason = models.CharField(_("reason"), max_length=1000, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("change of a promise")
        verbose_name_plural = _("changes of promises")
        ordering = ["id"]
        default_permissions = ()  # the pages of orders show them
        constraints = [
            models.CheckConstraint(
                condition=models.Q(background_check__isnull=True, exam__isnull=False)
                | models.Q(background_check__isnull=False, exam__isnull=True),
                name="promise_change_is_of_one_order",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
