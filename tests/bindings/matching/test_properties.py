"""Whatever rules and accounts there are: a trial, the event and a later run say the same, in any order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bindings.customers.codes import normalised
from bindings.matching import one_time_codes
from bindings.matching.binding import match_accounts
from bindings.matching.decide import Account, CustomerCode, IssuedCode, Known, Outcome, Rule, decide_all
from bindings.matching.trying import decided
from bindings.models import BindingChange, BindingCode, EcoAccount, MatchingRule
from hireops.desk.invariants import broken
from tests.referrals.conftest import LONG

NUMBERS = count(1)
IS_LONG = settings.get_current_profile_name() == LONG
bounded = settings(
    deadline=None,
    derandomize=not IS_LONG,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

KEYS = ["customer_code", "once"]
KINDS = ["code", "exact_code", "binding_code"]
CUSTOMERS = ["A1", "B2", "C3"]
# A number stands for a binding code, which is issued to the customer of that number.
SPELLINGS = ["A1", " a1", "Ａ1", "B2", "b2 ", "C3", "D4", ""]
typed = st.one_of(st.sampled_from(SPELLINGS), st.integers(0, 5))


@dataclass(frozen=True)
class Typed:
    tenant: int
    fields: tuple[tuple[str, Any], ...]


accounts_typed = st.lists(
    st.builds(
        Typed,
        st.integers(1, 3),
        st.lists(st.tuples(st.sampled_from(KEYS), typed), max_size=3).map(tuple),
    ),
    max_size=6,
)
rules_set = st.lists(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(KINDS), st.integers(1, 3), st.booleans()),
    unique_by=lambda rule: rule[:2],
    max_size=5,
)


def each_code_once(accounts: list[Typed]) -> list[Typed]:
    """Who comes second with a binding code has typed nothing there."""
    seen: set[int] = set()
    kept = []
    for account in accounts:
        fields = []
        for key, value in account.fields:
            fields.append((key, "" if value in seen and isinstance(value, int) else value))
            seen |= {value} if isinstance(value, int) else set()
        kept.append(Typed(account.tenant, tuple(fields)))
    return kept


# --- The function alone

CODES = [one_time_codes.made() for _ in range(6)]
KNOWN = Known(
    customers={normalised(code): CustomerCode(number, code) for number, code in enumerate(CUSTOMERS)},
    binding_codes={code: IssuedCode(number, number % 3, is_open=True) for number, code in enumerate(CODES)},
    vouchers={(1, 0): {100}},
)


def as_rules(rules: list[tuple[str, str, int, bool]]) -> list[Rule]:
    return [Rule(pk, 1, *rule) for pk, rule in enumerate(rules)]


def as_accounts(accounts: list[Typed]) -> list[Account]:
    def text(value: Any) -> str:
        return CODES[value] if isinstance(value, int) else value

    return [
        Account(pk, each.tenant, 1, [(key, text(value)) for key, value in each.fields])
        for pk, each in enumerate(accounts)
    ]


@settings(bounded, max_examples=2000 if IS_LONG else 150)
@given(rules_set, accounts_typed, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing_but_who_uses_up_a_binding_code(rules, accounts, random):
    rules, accounts = as_rules(rules), as_accounts(accounts)
    shuffled = accounts.copy()
    random.shuffle(shuffled)
    one, other = decide_all(rules, accounts, KNOWN), decide_all(rules, shuffled, KNOWN)
    for pk, decision in one.items():
        assert decision.customers == other[pk].customers
        is_open = {Outcome.BOUND, Outcome.PROPOSED}
        assert decision.outcome == other[pk].outcome or {decision.outcome, other[pk].outcome} == is_open
    used = [sorted(code for each in said.values() for code in each.used_up) for said in (one, other)]
    assert used[0] == used[1]
    assert len(set(used[0])) == len(used[0])


@settings(bounded, max_examples=2000 if IS_LONG else 150)
@given(rules_set, accounts_typed.map(each_code_once), st.randoms(use_true_random=False))
def test_it_changes_nothing_at_all_where_no_code_is_typed_twice(rules, accounts, random):
    rules, accounts = as_rules(rules), as_accounts(accounts)
    shuffled = accounts.copy()
    random.shuffle(shuffled)
    assert decide_all(rules, accounts, KNOWN) == decide_all(rules, shuffled, KNOWN)


@settings(bounded, max_examples=2000 if IS_LONG else 150)
@given(rules_set, accounts_typed)
def test_a_stranger_is_bound_by_a_binding_code_or_not_at_all(rules, accounts):
    """Where all rules only propose; the tenant 1 is known to be the first customer's, and no other is."""
    proposing = as_rules([(*rule[:3], True) for rule in rules])
    decisions = decide_all(proposing, as_accounts(accounts), KNOWN)
    said = {
        (accounts[pk].tenant, decision.customer) for pk, decision in decisions.items() if decision.used_up
    } | {(1, 0)}
    for pk, decision in decisions.items():
        if decision.customer is not None:
            assert (accounts[pk].tenant, decision.customer) in said


# --- With a database


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(bounded, max_examples=300 if IS_LONG else 15)
@given(rules_set, accounts_typed.map(each_code_once))
def test_a_trial_says_what_the_event_does_and_what_a_later_run_does(
    customer, issued, arrives, rules, accounts
):
    with taken_back():
        customers = [customer(code) for code in CUSTOMERS]
        codes = [issued(customers[number % 3]) for number in range(6)]
        names = [f"acct{next(NUMBERS)}" for _ in accounts]

        def arrive() -> None:
            for name, each in zip(names, accounts, strict=True):
                texts = [codes[value] if isinstance(value, int) else value for _key, value in each.fields]
                fields = [
                    {"key": key, "value": text}
                    for (key, _value), text in zip(each.fields, texts, strict=True)
                ]
                arrives(fields, account_id=name, tenant_key=f"tenant_{each.tenant}")

        def switch_on() -> None:
            for key, kind, position, proposes_only in rules:
                MatchingRule.objects.create(
                    scope=1, key=key, kind=kind, position=position, proposes_only=proposes_only
                )

        def whose() -> dict[str, int | None]:
            assert not [each for each in broken() if each[0].startswith("bindings.matching")]
            return dict(EcoAccount.objects.values_list("account_id", "customer"))

        with taken_back():
            switch_on()
            arrive()
            by_event = whose()
        with taken_back():
            arrive()
            switch_on()
            tried = decided(
                list(EcoAccount.objects.all()), [each.as_decided() for each in MatchingRule.objects.all()]
            )
            by_trial = {each.account_id: tried[each.pk].customer for each in EcoAccount.objects.all()}
            match_accounts(list(EcoAccount.objects.order_by("pk")))
            by_run = whose()
            assert BindingChange.objects.count() == sum(each is not None for each in by_run.values())
            used = BindingCode.objects.filter(used_at__isnull=False).count()
            assert used == sum(len(decision.used_up) for decision in tried.values())
        assert by_event == by_trial == by_run
