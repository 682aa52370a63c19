"""What ``decide`` may look at, read for many accounts at once: a handful of queries, however many."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from bindings.customers.codes import LONGEST, normalised
from bindings.matching import one_time_codes
from bindings.matching.decide import Account, CustomerCode, IssuedCode, Kind, Known, Rule
from bindings.models import BindingChange, BindingCode, Customer, CustomFieldValue, EcoAccount, MatchingRule
from hireops.database import clock

How = BindingChange.How
VOUCHES = Q(how=How.BY_HAND) | Q(binding_code__isnull=False)


def rules_that_are_on() -> list[Rule]:
    return [rule.as_decided() for rule in MatchingRule.objects.filter(enabled=True)]


def typed_into(accounts: Iterable[EcoAccount]) -> dict[int, list[tuple[str, str]]]:
    """By account, the key and the value of each field, in their order."""
    typed: dict[int, list[tuple[str, str]]] = defaultdict(list)
    values = CustomFieldValue.objects.filter(account__in=[account.pk for account in accounts])
    for account, key, value in values.order_by("account", "position").values_list(
        "account_id", "key", "value"
    ):
        typed[account].append((key, value))
    return typed


def as_decided(accounts: Sequence[EcoAccount]) -> list[Account]:
    """What ``decide`` sees of these accounts, in their order."""
    typed, left = typed_into(accounts), _left_to_people(accounts)
    return [
        Account(each.pk, each.tenant_id, each.scope, typed.get(each.pk, []), left_to_people=each.pk in left)
        for each in accounts
    ]


def known_of(accounts: Sequence[Account], rules: Sequence[Rule], *, locked: bool = False) -> Known:
    """What these rules may need to know of these accounts; ``locked``: the open binding codes stay ours."""
    read = _read_by(rules, accounts)
    customers = customers_by_code(normalised(value) for value in read.codes)
    issued = binding_codes(read.binding_codes, locked=locked)
    vouchers = {}
    if customers and any(rule.proposes_only for rule in rules):
        named = {each.customer for each in customers.values()}
        vouchers = _vouchers({account.tenant for account in accounts}, named)
    return Known(customers, issued, vouchers)


class _Read(NamedTuple):
    codes: set[str]
    binding_codes: set[str]


def _read_by(rules: Sequence[Rule], accounts: Sequence[Account]) -> _Read:
    """The values that rules look at, by what they are read as."""
    read = _Read(set(), set())
    kinds = defaultdict(set)
    for rule in rules:
        kinds[rule.scope, rule.key].add(rule.kind)
    for account in accounts:
        for key, value in account.fields:
            for kind in kinds.get((account.scope or 0, key), ()):
                (read.binding_codes if kind == Kind.BINDING_CODE else read.codes).add(value)
    return read


def customers_by_code(codes: Iterable[str]) -> dict[str, CustomerCode]:
    """Those that are not archived, by their normalised code."""
    wanted = {code for code in codes if code and len(code) <= LONGEST}
    if not wanted:
        return {}
    rows = Customer.objects.filter(normalised_code__in=wanted, archived=False)
    return {
        normal: CustomerCode(pk, code)
        for pk, code, normal in rows.values_list("pk", "code", "normalised_code")
    }


def binding_codes(values: Iterable[str], *, locked: bool = False) -> dict[str, IssuedCode]:
    """Those that were issued to customers who are not archived, by what ``one_time_codes.read`` gives."""
    codes = {code for value in values if (code := one_time_codes.read(value))}
    digests = {digest: code for code in codes for digest in one_time_codes.digests(code)}
    if not digests:
        return {}
    rows: QuerySet[BindingCode] = BindingCode.objects.filter(digest__in=digests, customer__archived=False)
    if locked:
        rows = rows.select_for_update(of=("self",)).order_by("pk")
    now = clock.now()
    return {
        digests[each.digest]: IssuedCode(
            each.pk, each.customer_id, each.state_at(now) == BindingCode.State.OPEN, each.used_by_id
        )
        for each in rows
    }


def _vouchers(tenants: Collection[int], customers: Collection[int]) -> dict[tuple[int, int], set[int]]:
    newer = BindingChange.objects.filter(account=OuterRef("account"), pk__gt=OuterRef("pk"))
    said = BindingChange.objects.filter(
        VOUCHES,
        ~Exists(newer),
        account__tenant__in=tenants,
        account__customer__in=customers,
        customer=F("account__customer"),
    )
    vouchers: dict[tuple[int, int], set[int]] = defaultdict(set)
    for tenant, customer, account in said.values_list("account__tenant", "customer", "account_id"):
        vouchers[tenant, customer].add(account)
    return dict(vouchers)


def _left_to_people(accounts: Sequence[EcoAccount]) -> set[int]:
    nobodys = [account.pk for account in accounts if account.customer_id is None]
    newer = BindingChange.objects.filter(account=OuterRef("account"), pk__gt=OuterRef("pk"))
    # Also when it was set aside and put back after that.
    released = BindingChange.objects.filter(
        ~Exists(newer.exclude(how__in=[How.SET_ASIDE, How.PUT_BACK])), account__in=nobodys, how=How.RELEASED
    )
    return set(released.values_list("account_id", flat=True))
