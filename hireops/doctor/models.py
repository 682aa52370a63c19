"""Examinations that somebody asked for, and what they found."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class Examination(models.Model):
    """``findings`` as ``findings.examine`` gives them, with nothing personal in them; [] until it is done."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    asked_at = models.DateTimeField(_("asked for"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    host = models.CharField(_("host"), max_length=64, blank=True)
    version = models.CharField(_("version"), max_length=32, blank=True)
    findings = models.JSONField(_("findings"), default=list, blank=True)

    class Meta:
        verbose_name = _("examination")
        verbose_name_plural = _("examinations")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("ask_examination", gettext_noop("Can have the installation examined"))]

    def __str__(self) -> str:
        return f"#{self.pk}"
