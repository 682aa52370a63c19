"""Lists as files: who asked for which, what is in it, and the file itself in pieces."""

from datetime import datetime, timedelta

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.desk.states import States
from hireops.encrypted_columns import EncryptedBinaryField, EncryptedTextField

JOB = "export a list"


class Export(models.Model):
    """A list as one person saw it, as a file that nobody else is given.

    ``services`` write it, and the long work that they start. The audit has who asked and who downloaded.
    """

    class State(States):
        WORKING = "working", "busy", _("being written")
        READY = "ready", "ok", _("ready")
        FAILED = "failed", "bad", _("could not be written")
        CANCELED = "canceled", "quiet", _("canceled")
        GONE = "gone", "quiet", _("removed")

    class Format(models.TextChoices):
        XLSX = "xlsx", "XLSX"
        CSV = "csv", "CSV"

    listed = models.CharField(_("list"), max_length=100)  # "referrals.referralaccount"
    # What ``lists.Asked`` says of the address of the list; what was searched for may be somebody's number.
    address = EncryptedTextField(editable=False)
    # Pairs of texts in ``language``: by what the list was narrowed, without what was searched for.
    narrowed = models.JSONField(default=list, blank=True)
    format = models.CharField(_("format"), max_length=4, choices=Format.choices, default=Format.XLSX)
    in_the_clear = models.BooleanField(_("personal data in the clear"), default=False)
    language = models.CharField(_("language"), max_length=16)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    asked_at = models.DateTimeField(_("asked for"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WORKING)
    problem = models.TextField(_("problem"), blank=True)  # an English sentence, marked with gettext_noop
    # The columns that its pieces have; empty until the rows have been gathered.
    header = models.JSONField(default=list, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    # Of the table so far: before it was compressed (``in_pieces.Written``), and after.
    length = models.BigIntegerField(default=0, editable=False)
    checksum = models.BigIntegerField(default=0, editable=False)
    compressed = models.BigIntegerField(default=0, editable=False)
    size = models.BigIntegerField(_("size"), null=True, blank=True)  # of the file, in bytes
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("export", gettext_noop("Can export lists"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["working", "ready", "failed", "canceled", "gone"]),
                name="export_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="export_by_person"),
            models.Index(fields=["state", "finished_at"], name="export_by_state"),
        ]

    def __str__(self) -> str:
        return gettext("%(list)s as %(format)s") % {"list": self.list_name, "format": self.format.upper()}

    @property
    def list_name(self) -> str:
        try:
            return str(capfirst(apps.get_model(self.listed)._meta.verbose_name_plural))  # noqa: SLF001
        except (LookupError, ValueError):  # of an app that is gone
            return self.listed

    @property
    def goes_at(self) -> datetime | None:
        """When the file is removed."""
        if self.state != self.State.READY or self.finished_at is None:
            return None
        return self.finished_at + timedelta(days=settings.EXPORTS_KEEP_DAYS)


class ExportPiece(models.Model):
    """A part of the rows: their keys until they are written, then what was written."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    keys = models.JSONField(default=list)
    is_written = models.BooleanField(default=False)
    content = EncryptedBinaryField(default=b"", editable=False)

    class Meta:
        default_permissions = ()
        ordering = ["export", "number"]
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="one_piece_of_each_number")]

    def __str__(self) -> str:
        return f"#{self.number}"
