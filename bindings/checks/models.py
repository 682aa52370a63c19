"""Background checks that customers have ordered (contract 4.7 to 4.12)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bindings.offers.models import CheckPackage
from bindings.orders.models import Order, OrderUpdate, Turn
from hireops.database.empty_last import Downwards
from hireops.desk.states import States
from hireops.encrypted_columns import EncryptedTextField
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event


class BackgroundCheck(Order):
    """``package_name``, ``items`` and the answers are as of receipt: what changes later does not change them.

    ``answers`` is the encrypted JSON of the event's ``custom_field_list``.
    """

    PERSONAL: ClassVar[tuple[str, ...]] = (
        *Order.PERSONAL,
        "comment",
        "client_contact_name",
        "client_contact_mobile",
        "client_contact_email",
        "answers",
        "termination_reason",
    )
    fetched_stages: "list[StageTemplate] | None" = None  # of this instance only: services.py

    class State(States):
        RECEIVED = "received", "warn", pgettext_lazy("state", "received")
        IN_PROGRESS = "in_progress", "busy", _("in progress")
        RESULT_SENT = "result_sent", "busy", _("result sent")
        COMPLETED = "completed", "ok", _("completed")
        CANCELED_BY_CUSTOMER = "canceled_by_customer", "quiet", _("cancelled by the customer")
        TERMINATED_BY_VENDOR = "terminated_by_vendor", "quiet", _("terminated by us")

    ENDED = [State.COMPLETED, State.CANCELED_BY_CUSTOMER, State.TERMINATED_BY_VENDOR]

    background_check_id = models.CharField(_("order ID"), max_length=255)
    state = models.CharField(_("state"), max_length=32, choices=State.choices, default=State.RECEIVED)
    package_id = models.CharField(_("package ID"), max_length=255, blank=True)
    package_name = models.CharField(_("package"), max_length=255, blank=True)
    # [{"id": "ext001", "name": "…"}], the name empty where nobody knows it.
    items = models.JSONField(_("additional items"), default=list, blank=True)
    comment = models.TextField(_("remark"), blank=True)
    client_contact_name = models.CharField(_("ordered by"), max_length=255, blank=True)
    client_contact_mobile = models.CharField(_("mobile number"), max_length=64, blank=True)
    client_contact_email = models.CharField(_("email"), max_length=254, blank=True)
    answers = EncryptedTextField(blank=True, editable=False)
    termination_reason = models.TextField(_("reason of the end"), blank=True)

    class Meta:
        verbose_name = _("background check")
        verbose_name_plural = _("background checks")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "background_check_id"], name="check_is_ordered_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "received",
                        "in_progress",
                        "result_sent",
                        "completed",
                        "canceled_by_customer",
                        "terminated_by_vendor",
                    ]
                ),
                name="check_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["background_check_id"], name="check_by_order_id"),
            models.Index(fields=["state", "-id"], name="check_by_state"),
            models.Index(fields=["turn", "-id"], name="check_by_turn"),
            models.Index(fields=["received_at"], name="check_by_receipt"),
            models.Index(fields=["customer", "-id"], name="check_by_customer"),
            models.Index(fields=["customer", "state"], name="check_by_customer_and_state"),
            models.Index(
                fields=["customer", "promised_on"],
                condition=Q(ended_at__isnull=True),
                name="check_open_by_customer",
            ),
            models.Index(fields=["account", "-id"], name="check_by_account"),
            models.Index(fields=["promised_on", "-id"], name="check_first_promised"),
            Downwards(column="promised_on", name="check_last_promised"),
            models.Index(fields=["tenant", "account_named"], name="check_by_named_account"),
            models.Index(fields=["-id"], condition=~Q(to_look_at=""), name="check_to_look_at"),
            models.Index(
                fields=["promised_on"], condition=Q(ended_at__isnull=True), name="check_open_by_promise"
            ),
            models.Index(
                fields=["candidate_mobile"], condition=~Q(candidate_mobile=""), name="check_by_mobile"
            ),
            models.Index(fields=["candidate_email"], condition=~Q(candidate_email=""), name="check_by_email"),
            models.Index(fields=["candidate_name"], condition=~Q(candidate_name=""), name="check_by_name"),
            models.Index(fields=["-id"], condition=Q(ended_late=True), name="check_ended_late"),
        ]

    def __str__(self) -> str:
        return f"#{self.background_check_id}"


class CheckCancellation(models.Model):
    """A customer has ended an order; kept also if the order itself has not come yet (contract 4.11)."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    background_check_id = models.CharField(max_length=255)
    event = models.OneToOneField(Event, models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()  # no page shows them
        constraints = [
            models.UniqueConstraint(fields=["tenant", "background_check_id"], name="check_is_canceled_once"),
        ]

    def __str__(self) -> str:
        return f"#{self.background_check_id}"


class CheckTenant(models.Model):
    """What was learnt of how a tenant's Feishu treats background checks.

    ``approves`` is whether the tenant approves results before an order is completed (contract 4.8); empty as
    long as nobody knows. ``read_back`` is what became of the last try to read orders back (contract 4.12).
    """

    class ReadBack(models.TextChoices):
        WORKS = "works", _("orders can be read back")
        NOT_GRANTED = "not_granted", _("the app may not read orders back")
        OTHER_IDS = "other_ids", _("orders can't be recognised by their ID")

    tenant = models.OneToOneField(Tenant, models.PROTECT, related_name="+")
    approves = models.BooleanField(null=True, blank=True)
    read_back = models.CharField(max_length=16, choices=ReadBack.choices, blank=True)
    read_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()  # no page shows them

    def __str__(self) -> str:
        return str(self.tenant)


class CheckUpdate(OrderUpdate):
    """A stage, a result, or the end from our side. ``stage_id`` and the time are fixed when it is written.

    A stage with a ``result`` is an interim report. Of several final results the last one delivered counts;
    ``reason`` says why a later one corrects those before it.
    """

    class Kind(models.TextChoices):
        STAGE = "stage", _("stage")
        RESULT = "result", _("final result")
        TERMINATION = "termination", _("termination")

    background_check = models.ForeignKey(
        BackgroundCheck, models.PROTECT, related_name="updates", verbose_name=_("background check")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    stage_id = models.CharField(_("stage ID"), max_length=64, blank=True)
    stage_name = models.CharField(_("stage"), max_length=100, blank=True)
    stage_en_name = models.CharField(_("stage in English"), max_length=100, blank=True)
    time = models.DateTimeField(_("time"), null=True, blank=True)
    result = models.TextField(_("result"), blank=True)
    reason = models.CharField(_("reason of the correction"), max_length=255, blank=True)
    # [{"name": "…", "link": pk of a ReportLink}] or [{"name": "…", "url": "…", "type": 1 or 2}]
    reports = models.JSONField(_("reports"), default=list, blank=True)

    class Meta:
        verbose_name = _("message about a background check")
        verbose_name_plural = _("messages about background checks")
        ordering = ["background_check", "number"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["background_check", "number"], name="check_update_has_its_place"),
            models.UniqueConstraint(
                fields=["background_check"],
                condition=Q(state__in=OrderUpdate.NOT_ALONE),
                name="check_tells_one_thing_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["background_check", "stage_id"],
                condition=~Q(stage_id=""),
                name="check_stage_is_told_once",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class StageTemplate(models.Model):
    """A stage that orders of a package usually have, to be reported by one click. ``turn`` is whose it is
    from then on; ``stops_clock``: the promised date waits meanwhile."""

    package = models.ForeignKey(
        CheckPackage, models.CASCADE, related_name="stages", verbose_name=_("check package")
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    name = models.CharField(_("name"), max_length=100)
    en_name = models.CharField(_("name in English"), max_length=100, blank=True)
    turn = models.CharField(
        _("whose turn it is then"),
        max_length=16,
        choices=[(turn.value, turn.label) for turn in (Turn.VENDOR, Turn.CANDIDATE, Turn.CUSTOMER)],
        default=Turn.VENDOR,
    )
    stops_clock = models.BooleanField(_("stops the clock"), default=False)
    is_optional = models.BooleanField(
        _("only if needed"),
        default=False,
        db_default=False,
        help_text=_("Has a button of its own and is never the next stage."),
    )

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("usual stages")
        ordering = ["package", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="stage_template_has_a_name"),
            models.CheckConstraint(
                condition=Q(turn__in=["vendor", "candidate", "customer"]),
                name="stage_template_turn_is_known",
            ),
            models.CheckConstraint(
                condition=Q(stops_clock=False) | ~Q(turn="vendor"),
                name="stage_template_own_turn_runs",
                violation_error_message=_("While it is our turn, the clock can't stop."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
