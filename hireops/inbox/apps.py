from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    name = "hireops.inbox"
    label = "inbox"
    verbose_name = _("Inbox: what Feishu told us")

    def ready(self) -> None:
        from hireops.desk import cards as desk_cards
        from hireops.desk import charts as desk_charts
        from hireops.desk import figures
        from hireops.desk import health as desk_health
        from hireops.desk import invariants as desk_invariants
        from hireops.doctor import findings
        from hireops.guards import rules
        from hireops.inbox import (
            app_lifecycle,
            cards,
            charts,
            guards,
            health,
            invariants,
            jobs,
            questions,
            restored,
        )

        _registers = app_lifecycle, jobs, restored

        rules.declare(*guards.RULES)
        findings.register(*questions.QUESTIONS)
        desk_cards.register(cards.events_waiting)
        desk_cards.register(cards.events_failed)
        figures.register(charts.EVENTS)
        desk_charts.register(charts.events)
        desk_health.register(health.silence, urgent=True)
        desk_health.register(health.handling)
        desk_health.register(health.journal, urgent=True)
        desk_health.register(health.arrivals)
        desk_health.register(health.types)
        desk_invariants.register(invariants.broken_events)
