from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    """Has no tables: each app has its own, made of ``hireops.imports.models``."""

    name = "hireops.imports"
    label = "imports"
    verbose_name = _("Imports")
