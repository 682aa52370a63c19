from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "hireops.exports"
    label = "exports"
    verbose_name = _("Exports")

    def ready(self) -> None:
        """Importing a module registers its long work."""
        from hireops.exports import jobs

        _registers = jobs
