from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "hireops.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        from hireops.guards import rules
        from hireops.people import guards, signals

        rules.declare(*guards.RULES)
        signals.connect()
