"""Exams that customers have arranged (contract 5.4 to 5.6)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from bindings.orders.models import Order, OrderUpdate
from hireops.database.empty_last import Downwards
from hireops.desk.states import States
from hireops.encrypted_columns import EncryptedTextField


class Exam(Order):
    """``paper_name`` is as of receipt. Feishu tells nothing of an exam that a customer has given up."""

    class State(States):
        RECEIVED = "received", "warn", pgettext_lazy("state", "received")
        ARRANGED = "arranged", "busy", _("candidate has access")
        ARRANGEMENT_FAILED = "arrangement_failed", "bad", _("could not be arranged")
        RESULT_SENT = "result_sent", "ok", _("score sent")
        MARKED = "marked", "ok", _("marking has ended")
        SET_ASIDE = "set_aside", "quiet", _("set aside")

    ENDED = [State.ARRANGEMENT_FAILED, State.RESULT_SENT, State.MARKED, State.SET_ASIDE]

    exam_id = models.CharField(_("exam ID"), max_length=255)
    state = models.CharField(_("state"), max_length=32, choices=State.choices, default=State.RECEIVED)
    paper_id = models.CharField(_("paper ID"), max_length=255, blank=True)
    paper_name = models.CharField(_("paper"), max_length=255, blank=True)
    talent_id = models.CharField(_("talent ID"), max_length=255, blank=True)
    application_id = models.CharField(_("application ID"), max_length=255, blank=True)
    department = models.CharField(_("department"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("exam")
        verbose_name_plural = _("exams")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "exam_id"], name="exam_is_arranged_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "received",
                        "arranged",
                        "arrangement_failed",
                        "result_sent",
                        "marked",
                        "set_aside",
                    ]
                ),
                name="exam_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["arrangement_failed", "result_sent", "marked", "set_aside"],
                    ended_at__isnull=False,
                )
                | Q(state__in=["received", "arranged"], ended_at__isnull=True),
                name="exam_that_ended_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["exam_id"], name="exam_by_exam_id"),
            models.Index(fields=["state", "-id"], name="exam_by_state"),
            models.Index(fields=["customer", "-id"], name="exam_by_customer"),
            models.Index(fields=["customer", "state"], name="exam_by_customer_and_state"),
            models.Index(
                fields=["customer", "promised_on"],
                condition=Q(ended_at__isnull=True),
                name="exam_open_by_customer",
            ),
            models.Index(fields=["account", "-id"], name="exam_by_account"),
            models.Index(fields=["promised_on", "-id"], name="exam_first_promised"),
            Downwards(column="promised_on", name="exam_last_promised"),
            models.Index(fields=["paper_id", "-id"], name="exam_by_paper"),
            models.Index(fields=["turn", "-id"], name="exam_by_turn"),
            models.Index(fields=["-id"], condition=~Q(to_look_at=""), name="exam_to_look_at"),
            models.Index(fields=["received_at"], name="exam_by_receipt"),
            # Whose account nobody knew when they came, for when it is known.
            models.Index(
                fields=["tenant", "account_named"],
                condition=Q(account__isnull=True),
                name="exam_without_account",
            ),
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False, emptied_at__isnull=True),
                name="exam_to_be_emptied",
            ),
            models.Index(
                fields=["promised_on"], condition=Q(ended_at__isnull=True), name="exam_open_by_promise"
            ),
            models.Index(
                fields=["candidate_mobile"], condition=~Q(candidate_mobile=""), name="exam_by_mobile"
            ),
            models.Index(fields=["candidate_email"], condition=~Q(candidate_email=""), name="exam_by_email"),
            models.Index(fields=["candidate_name"], condition=~Q(candidate_name=""), name="exam_by_name"),
            models.Index(fields=["-id"], condition=Q(ended_late=True), name="exam_ended_late"),
        ]

    def __str__(self) -> str:
        return f"#{self.exam_id}"


class ExamUpdate(OrderUpdate):
    """How the candidate gets to the exam, that it could not be arranged, or a version of the score.

    What it says never changes: a correction is a new version, which names in ``corrects`` the one that it
    overwrites at Feishu. By night links, logins, parts and reports go with their exam's personal data.
    """

    class Kind(models.TextChoices):
        ARRANGEMENT = "arrangement", _("arrangement")
        SCORE = "score", _("score")

    exam = models.ForeignKey(Exam, models.PROTECT, related_name="updates", verbose_name=_("exam"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    # Of an arrangement: 0, or our code of the failure; ``access`` is the encrypted JSON of link and login.
    result_code = models.IntegerField(_("failure code"), null=True, blank=True)
    message = models.CharField(_("message"), max_length=255, blank=True)
    access = EncryptedTextField(blank=True, editable=False)
    # Of a score, as text (contract 5.5), with its parts and reports as ``CheckUpdate.reports``.
    score = models.CharField(_("score"), max_length=32, blank=True)
    time = models.DateTimeField(_("time"), null=True, blank=True)
    details = models.JSONField(_("parts"), default=list, blank=True)
    reports = models.JSONField(_("reports"), default=list, blank=True)
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("corrects"),
    )
    reason = models.CharField(_("reason of the correction"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("message about an exam")
        verbose_name_plural = _("messages about exams")
        ordering = ["exam", "number"]
        default_permissions = ("view",)
        permissions = [
            (
                "view_examaccess",
                gettext_noop("Can see the link and the login that a candidate has of an exam"),
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["exam", "number"], name="exam_update_has_its_place"),
            models.UniqueConstraint(
                fields=["exam"],
                condition=Q(state__in=OrderUpdate.NOT_ALONE),
                name="exam_tells_one_thing_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(kind="arrangement", result_code__isnull=False, score="")
                | (Q(kind="score", result_code__isnull=True) & ~Q(score="")),
                name="exam_update_says_what_it_is",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | (Q(kind="score") & ~Q(reason="")),
                name="exam_correction_has_its_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="delivered") | Q(delivered_at__isnull=False),
                name="exam_update_delivered_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"
