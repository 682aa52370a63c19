from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "hireops.outbox"
    label = "outbox"
    verbose_name = _("Outbox: what we tell Feishu")

    def ready(self) -> None:
        from hireops.desk import cards as desk_cards
        from hireops.desk import charts as desk_charts
        from hireops.desk import figures
        from hireops.desk import health as desk_health
        from hireops.desk import invariants as desk_invariants
        from hireops.guards import rules
        from hireops.outbox import cards, charts, guards, health, invariants, restored

        _registers = restored

        rules.declare(*guards.RULES)
        desk_cards.register(cards.calls_waiting)
        desk_cards.register(cards.oldest_unsent)
        figures.register(charts.CALLS)
        desk_charts.register(charts.calls)
        desk_health.register(health.calls)
        desk_invariants.register(invariants.broken_calls)
        desk_invariants.register(invariants.broken_attempts)
        desk_invariants.register(invariants.broken_order)
        desk_invariants.register_remark(health.clocks_in_words)
