"""The two kinds of partner accounts, and what customers use one for (contract 3, 3.1)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.IntegerChoices):
    BACKGROUND_CHECK = 1, _("Background check")
    EXAM = 2, _("Written exam")


class Usage(models.IntegerChoices):
    SOCIAL = 1, _("Experienced hires")
    CAMPUS = 2, _("Campus recruiting")
