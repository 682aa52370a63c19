from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals: accounts and payouts")

    def ready(self) -> None:
        from hireops.desk import help as help_pages

        help_pages.register_half("hr", self.label)
        self._declare_guards()
        self._register_events_and_calls()
        self._register_long_work()
        self._register_payout_rights()
        self._register_cards()
        self._register_charts_and_first_steps()
        self._register_notices()
        self._register_invariants()
        self._register_what_a_restore_holds_back()
        self._declare_needs()

    def _declare_needs(self) -> None:
        from hireops.doctor import permissions
        from referrals.needs import NEEDS

        permissions.declare(*NEEDS)

    def _declare_guards(self) -> None:
        from hireops.guards import rules
        from referrals.accounts import guards as accounts
        from referrals.cases import guards as cases
        from referrals.endings import guards as endings
        from referrals.ledger import guards as ledger
        from referrals.payments import guards as payments
        from referrals.payouts import guards as payouts
        from referrals.reconciliation import guards as reconciliation

        for room in (accounts, ledger, cases, payouts, payments, reconciliation, endings):
            rules.declare(*room.RULES)

    def _register_events_and_calls(self) -> None:
        """Importing a module registers what it handles or sends."""
        from referrals.accounts import calls as account_calls
        from referrals.accounts import events
        from referrals.payouts import calls as payout_calls
        from referrals.reconciliation import calls as reconciliation_calls
        from referrals.registrations import calls as registration_calls

        _ = events, account_calls, registration_calls, payout_calls, reconciliation_calls

    def _register_long_work(self) -> None:
        from referrals.accounts import jobs as account_jobs
        from referrals.reconciliation import jobs as reconciliation_jobs
        from referrals.registrations import jobs as registration_jobs

        _ = account_jobs, registration_jobs, reconciliation_jobs

    def _register_what_a_restore_holds_back(self) -> None:
        from referrals.accounts import restored as accounts
        from referrals.payments import restored as payments
        from referrals.payouts import restored as payouts

        _ = accounts, payouts, payments

    def _register_payout_rights(self) -> None:
        from referrals.payments import rights as paying
        from referrals.payouts import rights as approving

        _ = approving, paying

    def _register_cards(self) -> None:
        from hireops.desk import cards
        from referrals.accounts.cards import accounts_with_old_figures
        from referrals.cases.cards import open_cases
        from referrals.endings.cards import endings_to_confirm
        from referrals.payments.cards import (
            payments_without_a_result,
            payouts_returned,
            payouts_to_pay,
            reversals_to_confirm,
        )
        from referrals.payouts.cards import (
            excess_to_acknowledge,
            my_rejected_requests,
            payouts_to_approve,
            payouts_without_answer,
        )
        from referrals.registrations.cards import imports_to_confirm, registrations_to_correct

        for card in (
            payouts_to_approve,
            excess_to_acknowledge,
            my_rejected_requests,
            payouts_without_answer,
            endings_to_confirm,
            reversals_to_confirm,
            payouts_to_pay,
            payouts_returned,
            payments_without_a_result,
            open_cases,
            registrations_to_correct,
            imports_to_confirm,
            accounts_with_old_figures,
        ):
            cards.register(card)

    def _register_charts_and_first_steps(self) -> None:
        from hireops.desk import charts, figures, first_steps
        from referrals.ledger.charts import REWARDS
        from referrals.payments.charts import PAID, RETURNED, REVERSED, money
        from referrals.payouts import first_steps as hr

        for series in (REWARDS, PAID, RETURNED, REVERSED):
            figures.register(series)
        charts.register(money)
        first_steps.register(hr.first_steps)

    def _register_notices(self) -> None:
        from hireops.notices import sources
        from referrals.endings.notices import TO_CONFIRM
        from referrals.payouts.notices import REJECTED, TO_ACKNOWLEDGE, TO_APPROVE

        for source in (TO_APPROVE, TO_ACKNOWLEDGE, TO_CONFIRM, REJECTED):
            sources.register(source)

    def _register_invariants(self) -> None:
        from hireops.desk import invariants
        from referrals.endings import invariants as endings
        from referrals.ledger import invariants as ledger
        from referrals.payments import invariants as payments
        from referrals.payouts import invariants as payouts

        for invariant in (
            ledger.balances_are_the_sum_of_their_changes,
            ledger.changes_follow_each_other,
            ledger.withdrawals_are_booked_as_taken,
            ledger.balances_are_those_of_the_newest_figure,
            payouts.withdrawals_are_sent_under_their_order_id,
            payouts.calls_that_take_have_their_withdrawal,
            payments.withdrawal_states_follow_from_payments,
            payments.no_amount_is_paid_twice,
            payments.payments_are_reversed_by_two,
            endings.unanswered_withdrawals_were_ended_by_two,
            endings.ended_orders_are_never_sent_again,
        ):
            invariants.register(invariant)
