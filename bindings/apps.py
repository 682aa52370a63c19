from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BindingsConfig(AppConfig):
    name = "bindings"
    verbose_name = _("Vendor: customers and their orders")

    def ready(self) -> None:
        from hireops.desk import help as help_pages

        help_pages.register_half("vendor", self.label)
        _register_customers()
        _register_accounts()
        _register_fields()
        _register_matching()
        _register_offers()
        _register_order_forms()
        _register_reports_and_promises()
        _register_checks()
        _register_exams()
        _register_order_files()
        _tell_the_doctor()


def _tell_the_doctor() -> None:
    from bindings.needs import NEEDS
    from bindings.reports.questions import QUESTIONS
    from hireops.doctor import findings, permissions

    permissions.declare(*NEEDS)
    findings.register(*QUESTIONS)


def _register_accounts() -> None:
    from bindings.accounts import cards as account_cards
    from bindings.accounts import events  # noqa: F401 - registers what it handles
    from bindings.accounts import guards as account_guards
    from bindings.accounts import invariants as account_invariants
    from bindings.orders import binding  # noqa: F401 - has orders told of accounts
    from hireops.desk import cards, invariants
    from hireops.guards import rules

    rules.declare(*account_guards.RULES)
    cards.register(account_cards.accounts_bound)
    invariants.register(account_invariants.accounts_come_from_their_event)
    invariants.register(account_invariants.handled_bindings_have_their_account)


def _register_fields() -> None:
    from bindings.fields import calls  # noqa: F401 - registers its operations
    from bindings.fields import cards as field_cards
    from bindings.fields import first_steps as vendors
    from bindings.fields import guards as field_guards
    from bindings.fields import invariants as field_invariants
    from hireops.desk import cards, first_steps, invariants
    from hireops.guards import rules

    rules.declare(*field_guards.RULES)
    first_steps.register(vendors.first_steps)
    cards.register(field_cards.fields_not_pushed)
    invariants.register(field_invariants.pushes_are_sent_as_kept)
    invariants.register(field_invariants.pushes_land_in_their_order)


def _register_customers() -> None:
    from bindings.customers import cards as customer_cards
    from bindings.customers import guards as customer_guards
    from bindings.customers import invariants as customer_invariants
    from bindings.customers import (
        jobs,  # noqa: F401 - registers its long work
        tiers,
    )
    from hireops.desk import cards, invariants
    from hireops.guards import rules

    rules.declare(*customer_guards.RULES)
    cards.register(customer_cards.imports_to_confirm)
    invariants.register(customer_invariants.customers_are_found_by_their_code)
    invariants.register_remark(tiers.with_several_spellings)


def _register_checks() -> None:
    from bindings.checks import calls, events  # noqa: F401 - register what they handle
    from bindings.checks import cards as check_cards
    from bindings.checks import guards as check_guards
    from bindings.checks import invariants as check_invariants
    from hireops.desk import cards, invariants
    from hireops.guards import rules

    rules.declare(*check_guards.RULES)
    cards.register(check_cards.checks_to_look_at)
    cards.register(check_cards.checks_waiting_for_us)
    invariants.register(check_invariants.checks_come_from_their_event)
    invariants.register(check_invariants.check_updates_leave_in_their_order)
    invariants.register(check_invariants.times_of_checks_increase)
    invariants.register(check_invariants.check_updates_are_what_their_calls_say)
    invariants.register(check_invariants.nothing_is_sent_after_an_order_was_called_off)


def _register_exams() -> None:
    from bindings.exams import calls, events  # noqa: F401 - register what they handle
    from bindings.exams import cards as exam_cards
    from bindings.exams import guards as exam_guards
    from bindings.exams import invariants as exam_invariants
    from hireops.desk import cards, invariants
    from hireops.guards import rules
    from hireops.people import second_factor

    rules.declare(*exam_guards.RULES)
    second_factor.declare("bindings.view_examaccess")
    cards.register(exam_cards.exams_to_look_at)
    cards.register(exam_cards.exams_waiting_for_us)
    cards.register(exam_cards.exams_whose_paper_is_over)
    invariants.register(exam_invariants.exams_come_from_their_event)
    invariants.register(exam_invariants.exam_updates_leave_in_their_order)
    invariants.register(exam_invariants.exam_updates_are_what_their_calls_say)
    invariants.register(exam_invariants.exams_stand_where_their_updates_say)
    invariants.register(exam_invariants.nothing_is_sent_after_marking)


def _register_offers() -> None:
    from bindings.customers import changes as customer_changes
    from bindings.matching import changes as account_changes
    from bindings.offers import calls, jobs, outdating  # noqa: F401 - register what they do
    from bindings.offers import cards as offer_cards
    from bindings.offers import guards as offer_guards
    from bindings.offers import invariants as offer_invariants
    from hireops.desk import cards, invariants
    from hireops.guards import rules

    rules.declare(*offer_guards.RULES)
    cards.register(offer_cards.accounts_out_of_date)
    cards.register(offer_cards.offers_to_look_at)
    cards.register(offer_cards.papers_passed)
    customer_changes.register(outdating.customers_changed)
    account_changes.register(outdating.accounts_changed)
    invariants.register(offer_invariants.offers_are_what_their_calls_add_up_to)
    invariants.register(offer_invariants.calls_are_sent_as_kept)
    invariants.register(offer_invariants.offers_under_way_have_their_call)


def _register_matching() -> None:
    from bindings.matching import cards as matching_cards
    from bindings.matching import consequences, jobs  # noqa: F401 - register themselves
    from bindings.matching import guards as matching_guards
    from bindings.matching import invariants as matching_invariants
    from hireops.desk import cards, invariants
    from hireops.guards import rules

    rules.declare(*matching_guards.RULES)
    cards.register(matching_cards.accounts_to_be_bound)
    invariants.register(matching_invariants.accounts_are_whose_the_newest_change_says)
    invariants.register(matching_invariants.changes_follow_each_other)
    invariants.register(matching_invariants.binding_codes_bind_once)


def _register_reports_and_promises() -> None:
    from bindings.models import BackgroundCheck, Exam
    from bindings.orders import cards as order_cards
    from bindings.orders import charts as order_charts
    from bindings.orders import guards as order_guards
    from bindings.orders import invariants as order_invariants
    from bindings.orders import promises  # noqa: F401 - follows the working calendar
    from bindings.orders.promise_section import promise_section
    from bindings.reports import guards as report_guards
    from bindings.reports import health as report_health
    from bindings.reports import invariants as report_invariants
    from bindings.workdays import cards as workday_cards
    from hireops.desk import cards, charts, figures, health, invariants, sections
    from hireops.guards import rules

    for order in (BackgroundCheck, Exam):
        sections.register(order, promise_section)
    rules.declare(*report_guards.RULES, *order_guards.RULES)
    cards.register(order_cards.checks_late)
    cards.register(order_cards.exams_late)
    for series in (order_charts.CHECKS, order_charts.EXAMS):
        figures.register(series)
    for chart in (order_charts.checks, order_charts.exams):
        charts.register(chart)
    cards.register(workday_cards.year_not_loaded)
    invariants.register(order_invariants.promises_are_as_last_changed)
    invariants.register(order_invariants.promises_are_counted_by_the_calendar)
    invariants.register(report_invariants.report_files_are_unchanged)
    invariants.register(report_invariants.emptied_reports_say_nothing)
    health.register(report_health.report_storage)


def _register_order_forms() -> None:
    from bindings.order_forms import calls, jobs  # noqa: F401 - register what they do
    from bindings.order_forms import cards as order_form_cards
    from bindings.order_forms import guards as order_form_guards
    from bindings.order_forms import invariants as order_form_invariants
    from hireops.desk import cards, invariants
    from hireops.guards import rules

    rules.declare(*order_form_guards.RULES)
    cards.register(order_form_cards.order_forms)
    invariants.register(order_form_invariants.forms_stand_as_their_calls_say)
    invariants.register(order_form_invariants.burned_keys_never_return)
    invariants.register(order_form_invariants.order_forms_are_sent_as_kept)
    invariants.register(order_form_invariants.digests_are_those_of_their_fields)


def _register_order_files() -> None:
    from bindings.order_files import invariants as order_file_invariants
    from bindings.order_files import jobs  # noqa: F401 - registers its long work
    from hireops.desk import invariants

    invariants.register(order_file_invariants.lines_told_what_they_say)
