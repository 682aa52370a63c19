"""Whom an account that waits may belong to, and why: a few customers, each with reasons that can be checked.

For a page of accounts at once: one query for each kind of reason, however many accounts there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import Model, QuerySet

from bindings.customers.codes import LONGEST, normalised
from bindings.matching import one_time_codes
from bindings.matching.known import typed_into
from bindings.models import BindingCode, Customer, CustomerContact, EcoAccount, MatchingRule
from hireops.contacts import UnreadableContactError, read_email, read_mobile

MOST = 5  # customers for one account
OF_A_TENANT = 5  # customers of other accounts of the same tenant
AT_ONCE = 5000  # values in one query
SHORTEST_MISTYPED, LONGEST_MISTYPED = 3, 24
SHORTEST_NAME, LONGEST_NAME, NAME_READ_UP_TO = 2, 30, 40


class Why(IntEnum):
    """In the order of what they are worth."""

    TENANT = 1
    EXACT_CODE = 2
    CODE = 3
    MISTYPED_CODE = 4
    BINDING_CODE = 5
    NAME = 6
    CONTACT = 7


@dataclass(frozen=True, slots=True)
class Reason:
    """``key`` is the field that was typed into, ``typed`` what, ``ours`` what is like it.

    ``about`` is the other account of the tenant, or the binding code.
    """

    why: Why
    ours: str
    key: str = ""
    typed: str = ""
    about: Model | None = None


@dataclass(slots=True)
class Candidate:
    customer: Customer
    reasons: list[Reason] = field(default_factory=list)


class _Found(NamedTuple):
    account: int
    customer: int
    reason: Reason


class _Typed(NamedTuple):
    account: int
    key: str
    value: str


def candidates_for(accounts: Sequence[EcoAccount]) -> dict[int, list[Candidate]]:
    """At most ``MOST`` for each account, by its ``pk``, the likeliest first."""
    values = typed_into(accounts)
    typed = [_Typed(account, key, value) for account, pairs in values.items() for key, value in pairs]
    found = [*_of_the_tenant(accounts), *_by_code(typed), *_by_binding_code(typed)]
    # Who has typed a customer's code has not mistyped another's.
    named = {each.account for each in found if each.reason.why in {Why.EXACT_CODE, Why.CODE}}
    found += _by_mistyped_code(
        _meant_as_codes(accounts, [each for each in typed if each.account not in named])
    )
    found += [*_by_name(accounts), *_by_contact(typed)]
    return _gathered(found)


def _gathered(found: Iterable[_Found]) -> dict[int, list[Candidate]]:
    reasons: dict[int, dict[int, list[Reason]]] = defaultdict(lambda: defaultdict(list))
    for each in found:
        reasons[each.account][each.customer].append(each.reason)
    likeliest = {account: sorted(by.items(), key=_rank)[:MOST] for account, by in reasons.items()}
    wanted = {customer for chosen in likeliest.values() for customer, _why in chosen}
    customers = Customer.objects.filter(archived=False).in_bulk(wanted)
    return {
        account: [Candidate(customers[pk], why) for pk, why in chosen if pk in customers]
        for account, chosen in likeliest.items()
    }


def _rank(candidate: tuple[int, list[Reason]]) -> tuple[list[int], int]:
    customer, reasons = candidate
    reasons.sort(key=lambda reason: reason.why)
    return [reason.why for reason in reasons], customer


def _of_the_tenant(accounts: Sequence[EcoAccount]) -> Iterator[_Found]:
    """Customers that other accounts of the same tenant are bound to, each by its newest account."""
    for tenant in {account.tenant_id for account in accounts}:
        bound = EcoAccount.objects.filter(tenant=tenant, customer__archived=False).select_related("customer")
        by_customer: dict[int, EcoAccount] = {}
        for other in bound.order_by("-pk")[: OF_A_TENANT * 10]:
            by_customer.setdefault(other.customer_id or 0, other)
        for account in accounts:
            if account.tenant_id == tenant:
                for customer, other in list(by_customer.items())[:OF_A_TENANT]:
                    if other.pk != account.pk:
                        yield _Found(account.pk, customer, Reason(Why.TENANT, str(other), about=other))


def _meant_as_codes(accounts: Sequence[EcoAccount], typed: Sequence[_Typed]) -> list[_Typed]:
    """What stands in the fields that a rule reads a customer's code from; if there is no such rule, all."""
    rules = MatchingRule.objects.exclude(kind=MatchingRule.Kind.BINDING_CODE)
    read = set(rules.values_list("scope", "key"))
    scopes = {account.pk: account.scope for account in accounts}
    return [each for each in typed if not read or (scopes[each.account], each.key) in read]


def _by_code(typed: Sequence[_Typed]) -> Iterator[_Found]:
    normal = {each: normalised(each.value) for each in typed if len(each.value) <= LONGEST}
    rows = Customer.objects.filter(archived=False).values_list("normalised_code", "pk", "code")
    known = {row[0]: row[1:] for row in _among(rows, "normalised_code", {*normal.values()} - {""})}
    for each, code in normal.items():
        if code in known:
            customer, ours = known[code]
            why = Why.EXACT_CODE if each.value == ours else Why.CODE
            yield _Found(each.account, customer, Reason(why, ours, each.key, each.value))


def _by_mistyped_code(typed: Sequence[_Typed]) -> Iterator[_Found]:
    """Every code is looked at, once for all accounts: no index finds what is nearly the same."""
    meant: dict[str, list[_Typed]] = defaultdict(list)
    for each in typed:
        meant[normalised(each.value)].append(each)
    for typo, customer, ours in _nearly_codes(meant):
        for each in meant[typo]:
            yield _Found(each.account, customer, Reason(Why.MISTYPED_CODE, ours, each.key, each.value))


def _nearly_codes(typos: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """What was typed, the customer whose code is one edit away, and that code."""
    shorter: dict[str, set[str]] = defaultdict(set)
    for typo in typos:
        if SHORTEST_MISTYPED <= len(typo) <= LONGEST_MISTYPED:
            for less in one_less(typo):
                shorter[less].add(typo)
    if not shorter:
        return
    rows = Customer.objects.filter(archived=False).order_by()
    keys = shorter.keys()
    for code, customer, ours in rows.values_list("normalised_code", "pk", "code").iterator():
        less_of_code = one_less(code)
        if keys.isdisjoint(less_of_code):  # nearly all of perhaps ten thousand
            continue
        near = {typo for less in less_of_code for typo in shorter.get(less, ())}
        yield from ((typo, customer, ours) for typo in near if is_one_edit(typo, code))


def one_less(code: str) -> list[str]:
    """The code itself, and without any one character: what is one edit apart has one in common."""
    return [code, *[code[:place] + code[place + 1 :] for place in range(len(code))]]


def is_one_edit(one: str, other: str) -> bool:
    """One character more, less or another, or two neighbours that have changed places."""
    if len(one) > len(other):
        one, other = other, one
    start = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    changed, meant = one[start:], other[start:]
    swapped = changed[1::-1] + changed[2:]
    return bool(changed) and (changed[1:] == meant[1:] or swapped == meant)


def _by_binding_code(typed: Sequence[_Typed]) -> Iterator[_Found]:
    """Of any state: one that is open binds by itself, unless something else speaks against it."""
    read = {each: code for each in typed if (code := one_time_codes.read(each.value))}
    by_digest = {digest: code for code in set(read.values()) for digest in one_time_codes.digests(code)}
    rows = BindingCode.objects.filter(digest__in=by_digest).select_related("used_by", "revoked_by")
    issued = {by_digest[row.digest]: row for row in rows} if by_digest else {}
    for each, code in read.items():
        if row := issued.get(code):
            reason = Reason(Why.BINDING_CODE, row.hint, each.key, row.hint, about=row)
            yield _Found(each.account, row.customer_id, reason)


def _by_name(accounts: Sequence[EcoAccount]) -> Iterator[_Found]:
    """Customers whose name stands in the name of the account."""
    parts: dict[str, list[EcoAccount]] = defaultdict(list)
    for account in accounts:
        for part in _parts(account.name.strip()[:NAME_READ_UP_TO]):
            parts[part].append(account)
    rows = Customer.objects.filter(archived=False).values_list("name", "pk")
    for name, customer in _among(rows, "name", parts):
        for account in parts[name]:
            yield _Found(account.pk, customer, Reason(Why.NAME, name, typed=account.name))


def _parts(name: str) -> set[str]:
    lengths = range(SHORTEST_NAME, min(LONGEST_NAME, len(name)) + 1)
    return {name[start : start + length] for length in lengths for start in range(len(name) - length + 1)}


def _by_contact(typed: Sequence[_Typed]) -> Iterator[_Found]:
    for column, read in (("mobile", read_mobile), ("email", read_email)):
        contacts: dict[str, list[_Typed]] = defaultdict(list)
        for each in typed:
            with suppress(UnreadableContactError):
                if len(each.value) <= LONGEST and (contact := read(each.value)):
                    contacts[contact].append(each)
        rows = CustomerContact.objects.filter(customer__archived=False).values_list(column, "customer_id")
        for contact, customer in set(_among(rows, column, contacts)):
            for each in contacts[contact]:
                yield _Found(each.account, customer, Reason(Why.CONTACT, contact, each.key, each.value))


def _among(rows: QuerySet[Any, Any], column: str, values: Iterable[str]) -> Iterator[Any]:
    """Those rows whose ``column`` is among ``values``, which may be many."""
    left = iter(values)
    while some := list(islice(left, AT_ONCE)):
        yield from rows.filter(**{f"{column}__in": some})
