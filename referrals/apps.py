from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals: accounts and payouts")

    def ready(self) -> None:
        from hireops.desk import cards as desk_cards
        from hireops.desk import invariants as desk_invariants
        from referrals import calls, cards, events, invariants, payment_invariants  # noqa: F401 - need the registry

        for card in cards.ALL:
            desk_cards.register(card)
        for invariant in (
            invariants.balances_are_the_sum_of_their_changes,
            invariants.changes_follow_each_other,
            invariants.withdrawals_are_booked_as_taken,
            invariants.balances_are_those_of_the_newest_figure,
            payment_invariants.withdrawals_stand_where_their_payments_do,
        ):
            desk_invariants.register(invariant)
