"""What every import of a file has in common: the file, and a row for each of its lines.

Abstract: each import has tables of its own, because its rows point at what they become.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hireops.desk.retention import Personal
from hireops.desk.states import States

LONGEST_GIVEN = 255
# In ``FileImport.problem_details``: the sheet that was named with the file, and what was noticed in it.
SHEET, REMARKS = "sheet", "remarks"


class ImportState(States):
    CHECKING = "checking", "busy", _("being checked")
    UNREADABLE = "unreadable", "bad", _("can't be read")
    CHECKED = "checked", "warn", _("waits for confirmation")
    APPLYING = "applying", "busy", _("being applied")
    DONE = "done", "ok", _("done")
    DISCARDED = "discarded", "quiet", _("discarded")


class RowState(States):
    INVALID = "invalid", "bad", _("to be corrected")
    DUPLICATE = "duplicate", "quiet", _("there already")
    READY = "ready", "busy", _("ready")
    APPLIED = "applied", "ok", _("applied")
    DISCARDED = "discarded", "quiet", _("discarded")


class FileImport(models.Model):
    """A file: uploaded, checked row by row, confirmed by a person, applied in parts.

    ``services`` write it, and the long work that they start.
    """

    file_name = models.CharField(_("file"), max_length=LONGEST_GIVEN)
    # Until it has been checked; the rows keep what was in it.
    content = models.BinaryField(null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=16, choices=ImportState.choices, default=ImportState.CHECKING
    )
    # Why it can't be read: the key of an ``UnreadableFileError`` and what its text needs. Never a sentence.
    # Of one that can: ``SHEET`` and ``REMARKS`` (``hireops.spreadsheets.remarks``), which are no problem.
    problem = models.CharField(_("problem"), max_length=50, blank=True)
    problem_details = models.JSONField(default=dict, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"), db_default=Now(), editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["checking", "unreadable", "checked", "applying", "done", "discarded"]),
                name="%(class)s_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="checking") | Q(content__isnull=True), name="%(class)s_keeps_no_file"
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="%(class)s_by_state")]

    def __str__(self) -> str:
        return self.file_name


class ImportedRow(Personal):
    """A line of a file, or, without ``line``, what somebody typed into a form instead.

    A concrete one adds ``batch`` (its import), what was given as it was given, for the file that goes back,
    and what it becomes; and names in ``PERSONAL`` which of that is about a person.
    """

    line = models.PositiveIntegerField(_("line"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=RowState.choices)
    # What is wrong: a key and what its text needs, more of them in ``also``. Never a sentence.
    problem = models.CharField(_("problem"), max_length=50, blank=True)
    problem_details = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"#{self.pk}"  # in messages and audits, where a name does not belong

    @property
    def problems(self) -> list[str]:
        """The keys of all that is wrong with it."""
        return [self.problem, *self.problem_details.get("also", [])] if self.problem else []
