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
        from hireops.people.invitations import guards as invitations

        register(checks.addresses_of_strangers_are_seen, Tags.security, deploy=True)
        encrypted_columns.declare_json(Authenticator, "data")
        rules.declare(*guards.RULES, *invitations.RULES)
        signals.connect()
        recording.connect()
        asking.register(proof.demand)
        for card in (cards.no_role_yet, cards.people_without_a_role, cards.locked_out):
            home.register(card)
        first_things.register(views.first_thing)
        first_things.register(second_factor.first_thing)
