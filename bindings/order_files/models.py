"""Files with messages about many orders: stages, results, access to exams and scores."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bindings.checks.models import BackgroundCheck, CheckUpdate
from bindings.exams.models import Exam, ExamUpdate
from bindings.reports.models import ReportFile
from hireops.encrypted_columns import EncryptedTextField
from hireops.imports.models import LONGEST_GIVEN, FileImport, ImportedRow, ImportState


class OrderFile(FileImport):
    """Each line says one thing of one order. Its ``content`` is encrypted: logins may be in it."""

    State = ImportState

    class Meta(FileImport.Meta):
        verbose_name = _("file about orders")
        verbose_name_plural = _("files about orders")
        default_permissions = ("add", "change", "view")


class OrderFileRow(ImportedRow):
    """One thing to be told of one order, and the update that it became.

    ``remarks`` are what was corrected or is unusual, ``[{"key": …, …}]``: keys of ``texts.REMARKS``. Link and
    login of an exam are encrypted, and gone as soon as the row has been applied.
    """

    PERSONAL: ClassVar[tuple[str, ...]] = (
        "result",
        "parts_given",
        "access",
        "message",
        "report_given",
        "report_name",
    )

    class Tells(models.TextChoices):
        STAGE = "stage", _("stage")
        INTERIM = "interim", _("stage with an interim result")
        RESULT = "result", _("final result")
        ACCESS = "access", _("access to an exam")
        FAILURE = "failure", _("could not be arranged")
        SCORE = "score", _("score")

    batch = models.ForeignKey(OrderFile, models.PROTECT, related_name="+", verbose_name=_("file"))
    order_given = models.CharField(_("order or exam ID"), max_length=LONGEST_GIVEN, blank=True)
    background_check = models.ForeignKey(
        BackgroundCheck, models.PROTECT, null=True, related_name="+", verbose_name=_("background check")
    )
    exam = models.ForeignKey(Exam, models.PROTECT, null=True, related_name="+", verbose_name=_("exam"))
    what_given = models.CharField(_("what"), max_length=LONGEST_GIVEN, blank=True)
    tells = models.CharField(_("tells"), max_length=16, choices=Tells.choices, blank=True)
    stage_name = models.CharField(_("stage"), max_length=LONGEST_GIVEN, blank=True)
    stage_en_name = models.CharField(_("stage in English"), max_length=LONGEST_GIVEN, blank=True)
    time_given = models.CharField(_("time as given"), max_length=LONGEST_GIVEN, blank=True)
    time = models.DateTimeField(_("time"), null=True)
    result = models.TextField(_("result"), blank=True)
    score = models.CharField(_("score"), max_length=LONGEST_GIVEN, blank=True)
    parts_given = models.TextField(_("parts"), blank=True)
    access = EncryptedTextField(blank=True, editable=False)
    code = models.CharField(_("failure code"), max_length=LONGEST_GIVEN, blank=True)
    message = models.CharField(_("message"), max_length=LONGEST_GIVEN, blank=True)
    # A link, or the name of a report file that was uploaded before.
    report_given = models.TextField(_("report"), blank=True)
    report_name = models.CharField(_("report name"), max_length=LONGEST_GIVEN, blank=True)
    report_file = models.ForeignKey(
        ReportFile, models.PROTECT, null=True, related_name="+", verbose_name=_("report file")
    )
    reason = models.CharField(_("reason of the correction"), max_length=LONGEST_GIVEN, blank=True)
    remarks = models.JSONField(_("remarks"), default=list, blank=True)
    check_update = models.OneToOneField(
        CheckUpdate, models.PROTECT, null=True, related_name="+", verbose_name=_("message")
    )
    exam_update = models.OneToOneField(
        ExamUpdate, models.PROTECT, null=True, related_name="+", verbose_name=_("message")
    )

    class Meta:
        verbose_name = _("line of a file about orders")
        verbose_name_plural = _("lines of files about orders")
        ordering = ["batch", "line"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="order_file_has_a_line_once"),
            models.CheckConstraint(
                condition=~Q(state="applied") | Q(check_update__isnull=False) | Q(exam_update__isnull=False),
                name="order_file_line_applied_told",
            ),
            models.CheckConstraint(
                condition=~Q(state="applied") | Q(access=""), name="order_file_line_keeps_no_login"
            ),
        ]
        indexes = [models.Index(fields=["batch", "state", "line"], name="order_file_line_by_file")]
