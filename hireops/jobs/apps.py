from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "hireops.jobs"
    label = "jobs"
    verbose_name = _("Long work")

    def ready(self) -> None:
        from hireops.desk import cards as desk_cards
        from hireops.desk import health as desk_health
        from hireops.desk import invariants as desk_invariants
        from hireops.jobs import cards, health, invariants

        desk_cards.register(cards.work_under_way)
        desk_health.register(health.long_work, urgent=True)
        desk_invariants.register(invariants.work_under_way_has_its_job)
