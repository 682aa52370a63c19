"""Report files for customers, and the links by which Feishu fetches them (contract 4.7, 4.8, 5.5)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bindings.reports import storage
from hireops.desk.retention import Personal
from hireops.encrypted_columns import EncryptedTextField


class ReportFile(Personal):
    """A PDF that staff have uploaded, kept in the storage ``reports``. Its bytes never change.

    ``scanned_by`` is the scanner that found nothing in it, "" if there was none. ``intact`` is what the last
    look at its bytes by night has found, at ``looked_at``.
    """

    PERSONAL = ("name",)

    name = models.CharField(_("file"), max_length=255)
    file = models.FileField(
        _("content"),
        max_length=255,
        editable=False,
        storage=storage.reports,
        upload_to=storage.random_name,
    )
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    size = models.PositiveBigIntegerField(_("size"), editable=False)
    pages = models.PositiveIntegerField(_("pages"), default=0, editable=False)
    scanned_by = models.CharField(_("scanned by"), max_length=255, blank=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"), db_default=Now(), editable=False)
    looked_at = models.DateTimeField(_("last looked at"), null=True, blank=True, editable=False)
    intact = models.BooleanField(_("unchanged"), default=True, editable=False)

    class Meta:
        verbose_name = _("report file")
        verbose_name_plural = _("report files")
        ordering = ["-id"]
        permissions = [("download_reportfile", gettext_noop("Can download report files"))]
        indexes = [
            models.Index(
                fields=["looked_at", "id"], condition=Q(emptied_at__isnull=True), name="report_to_look_at"
            ),
            models.Index(fields=["id"], condition=Q(intact=False), name="report_not_intact"),
            models.Index(fields=["sha256"], name="report_by_digest"),
            models.Index(fields=["uploaded_at"], name="report_by_upload"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ReportLink(models.Model):
    """An address without a sign-in at which a file can be fetched until it ends. Who has it has the file.

    ``checked_at``: when hireops last fetched it itself from outside, and got the file.
    """

    file = models.ForeignKey(ReportFile, models.PROTECT, related_name="links", verbose_name=_("report file"))
    token = EncryptedTextField(editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("ends"))
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("withdrawn by"),
    )
    revoked_because = models.CharField(_("reason"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("report link")
        verbose_name_plural = _("report links")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["created_at"], name="report_link_by_creation"),
            models.Index(fields=["expires_at"], name="report_link_by_end"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ReportFetch(models.Model):
    """Somebody has asked for a report by its link: written before the first byte leaves, kept for ever.

    ``sent`` is how many bytes had been handed over when it ended; empty while it goes on, and if the process
    died. ``by_hireops``: its own look whether the link works.
    """

    link = models.ForeignKey(
        ReportLink, models.PROTECT, related_name="fetches", verbose_name=_("report link")
    )
    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    address = models.CharField(_("address"), max_length=45, blank=True)
    agent = models.CharField(_("program"), max_length=255, blank=True)
    method = models.CharField(_("method"), max_length=8)
    status = models.PositiveSmallIntegerField(_("answer"))
    begins = models.PositiveBigIntegerField(_("from byte"), default=0)
    bytes = models.PositiveBigIntegerField(_("bytes"), default=0)
    sent = models.PositiveBigIntegerField(_("bytes sent"), null=True, blank=True)
    by_hireops = models.BooleanField(_("by hireops itself"), default=False)

    class Meta:
        verbose_name = _("fetch of a report")
        verbose_name_plural = _("fetches of reports")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["link", "-id"], name="fetch_by_link")]

    def __str__(self) -> str:
        return f"#{self.pk}"
