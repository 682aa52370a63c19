from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

SECOND_FACTOR_PAGES = (
    "mfa_index",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
)


class PeopleConfig(AppConfig):
    name = "hireops.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator
        from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
        from django.core.checks import Tags, register

        from hireops import encrypted_columns
        from hireops.desk import cards as home
        from hireops.desk import help as help_pages
        from hireops.desk import proof as asking
        from hireops.doctor import permissions
        from hireops.feishu.strict_json import ShallowDecoder
        from hireops.guards import rules
        from hireops.people import (
            cards,
            checks,
            first_things,
            guards,
            needs,
            proof,
            recording,
            second_factor,
            signals,
            views,
        )
        from hireops.people.invitations import guards as invitations

        help_pages.register("signing-in", "admin:password_change", "account_new_password")
        help_pages.register("signing-in#second-factors", *SECOND_FACTOR_PAGES)
        register(checks.addresses_of_strangers_are_seen, Tags.security, deploy=True)
        encrypted_columns.declare_json(Authenticator, "data")
        for form in (AddWebAuthnForm, AuthenticateWebAuthnForm):  # strangers may send these
            form.base_fields["credential"].decoder = ShallowDecoder
        permissions.declare(*needs.NEEDS)
        rules.declare(*guards.RULES, *invitations.RULES)
        second_factor.hide_unreadable_keys()
        signals.connect()
        recording.connect()
        asking.register(proof.demand)
        for card in (
            cards.no_role_yet,
            cards.people_without_a_role,
            cards.invitations_to_confirm,
            cards.locked_out,
        ):
            home.register(card)
        first_things.register(views.first_thing)
        first_things.register(second_factor.first_thing)
