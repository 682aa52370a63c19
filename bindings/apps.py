from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BindingsConfig(AppConfig):
    name = "bindings"
    verbose_name = _("Bindings: customers and their form")

    def ready(self) -> None:
        from bindings.accounts import cards as account_cards
        from bindings.accounts import events  # noqa: F401 - registers what it handles
        from bindings.accounts import guards as account_guards
        from bindings.accounts import invariants as account_invariants
        from bindings.fields import calls  # noqa: F401 - registers its operations
        from bindings.fields import cards as field_cards
        from bindings.fields import guards as field_guards
        from bindings.fields import invariants as field_invariants
        from bindings.orders import events as order_events  # noqa: F401 - registers whose they are
        from hireops.desk import cards, invariants
        from hireops.guards import rules

        rules.declare(*account_guards.RULES, *field_guards.RULES)
        cards.register(account_cards.accounts_bound)
        cards.register(field_cards.fields_not_pushed)
        invariants.register(account_invariants.accounts_come_from_their_event)
        invariants.register(account_invariants.handled_bindings_have_their_account)
        invariants.register(field_invariants.pushes_are_sent_as_kept)
        invariants.register(field_invariants.pushes_land_in_their_order)
