"""On which days people in China work, as the State Council has announced it for a year."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class WorkDay(models.Model):
    """Whether one day is worked on. A year that has been announced has a row for each of its days; before
    that there is none, and Monday to Friday is only a guess."""

    date = models.DateField(_("day"), unique=True)
    works = models.BooleanField(_("is worked"))
    name = models.CharField(_("holiday"), max_length=50, blank=True)
    source = models.CharField(_("source"), max_length=200)
    loaded_at = models.DateTimeField(_("loaded"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("day of the working calendar")
        verbose_name_plural = _("working calendar")
        ordering = ["-date"]
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d}"
