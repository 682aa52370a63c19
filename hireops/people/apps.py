from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "hireops.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator
        from django.core.checks import Tags, register

        from hireops import encrypted_columns
        from hireops.desk import cards as home
        from hireops.desk import proof as asking
        from hireops.guards import rules
        from hireops.people import (
            cards,
            checks,
            first_things,
            guards,
            proof,
            recording,
            second_factor,
            signals,
            views,
        )

        register(checks.addresses_of_strangers_are_seen, Tags.security, deploy=True)
        rules.declare(*guards.RULES)
        encrypted_columns.declare_json(Authenticator, "data")
        signals.connect()
        recording.connect()
        asking.register(proof.demand)
        home.register(cards.locked_out)
        first_things.register(views.first_thing)
        first_things.register(second_factor.first_thing)
