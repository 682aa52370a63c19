from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BindingsConfig(AppConfig):
    name = "bindings"
    verbose_name = _("Bindings: customers and their form")

    def ready(self) -> None:
        from bindings import calls, cards, events, invariants  # noqa: F401 - need the app registry
        from hireops.desk import cards as desk_cards
        from hireops.desk import invariants as desk_invariants

        desk_cards.register(cards.accounts_bound)
        desk_cards.register(cards.fields_not_pushed)
        desk_invariants.register(invariants.accounts_come_from_their_event)
        desk_invariants.register(invariants.pushes_are_sent_as_kept)
        desk_invariants.register(invariants.pushes_land_in_their_order)
