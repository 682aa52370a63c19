from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InboxConfig(AppConfig):
    name = "hireops.inbox"
    label = "inbox"
    verbose_name = _("Inbox: what Feishu told us")

    def ready(self) -> None:
        from hireops.desk import cards as desk_cards
        from hireops.desk import invariants as desk_invariants
        from hireops.inbox import app_life, cards, invariants  # noqa: F401 - app_life registers its handlers

        desk_cards.register(cards.events_waiting)
        desk_cards.register(cards.events_failed)
        desk_invariants.register(invariants.broken_events)
