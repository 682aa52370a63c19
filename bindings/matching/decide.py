"""Whose a new account is: a pure function, the same for an event, for a trial of rules and for a later run.

It knows no database: whoever asks gives all that it may look at. Every rule is looked at, each on what the
account says alone, so that the order of accounts changes nothing but who uses up a binding code.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum

from bindings.customers.codes import normalised
from bindings.matching import one_time_codes

Vouchers = Mapping[tuple[int, int], AbstractSet[int]]


class Kind(StrEnum):
    """How a rule reads its field; ``bindings.models.MatchingRule.Kind`` has the words for it."""

    CODE = "code"
    EXACT_CODE = "exact_code"
    BINDING_CODE = "binding_code"


class Outcome(StrEnum):
    BOUND = "bound"
    PROPOSED = "proposed"  # one customer is named, and nothing that is named binds alone
    SEVERAL = "several"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Rule:
    """``MatchingRule`` as it is decided by."""

    pk: int
    scope: int
    key: str
    kind: str
    position: int
    proposes_only: bool


@dataclass(frozen=True, slots=True)
class CustomerCode:
    """The code of a customer who is not archived, as staff wrote it."""

    customer: int
    code: str


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A binding code that was issued to a customer who is not archived. ``used_by`` is an account."""

    pk: int
    customer: int
    is_open: bool
    used_by: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the world.

    ``customers`` by their ``normalised`` code; ``binding_codes`` as ``one_time_codes.read`` gives them;
    ``vouchers``: by tenant and customer, the accounts of that tenant of which a person or a binding code has
    said that they are that customer's.
    """

    customers: Mapping[str, CustomerCode]
    binding_codes: Mapping[str, IssuedCode]
    vouchers: Vouchers


@dataclass(frozen=True, slots=True)
class Account:
    """What an account says. ``left_to_people``: somebody has released it, so no rule binds it any more."""

    pk: int
    tenant: int
    scope: int | None
    fields: Sequence[tuple[str, str]]
    left_to_people: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One rule names one customer. ``value`` is what was typed; ``alone``: nobody need agree.

    ``code`` is how the customer's own code is written; ``binding_code`` the one-time code that was typed.
    """

    rule: Rule
    customer: int
    value: str
    alone: bool
    code: str = ""
    binding_code: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    outcome: Outcome
    matches: Sequence[Match] = ()

    @property
    def customer(self) -> int | None:
        """Whose it is, if that is decided."""
        return self.matches[0].customer if self.outcome == Outcome.BOUND else None

    @property
    def customers(self) -> list[int]:
        """All that are named, in the order of the rules."""
        return list(dict.fromkeys(match.customer for match in self.matches))

    @property
    def reason(self) -> Match:
        """Of what is bound: the first rule by position that binds alone."""
        return next(match for match in self.matches if match.alone)

    @property
    def used_up(self) -> list[int]:
        """The binding codes that are used up by it."""
        if self.outcome != Outcome.BOUND:
            return []
        codes = (match.binding_code for match in self.matches if match.alone)
        return list(dict.fromkeys(code for code in codes if code is not None))


def decide(rules: Sequence[Rule], account: Account, known: Known) -> Decision:
    """Whose ``account`` is by these rules."""
    matches = list(_matches(rules, account, known))
    if not matches:
        return Decision(Outcome.NOBODY)
    if len({match.customer for match in matches}) > 1:
        return Decision(Outcome.SEVERAL, matches)
    alone = any(match.alone for match in matches)
    return Decision(Outcome.BOUND if alone else Outcome.PROPOSED, matches)


def decide_all(rules: Sequence[Rule], accounts: Sequence[Account], known: Known) -> dict[int, Decision]:
    """The decision about each, by its ``pk``; they arrived in this order, and a binding code is used up once.

    One that is bound by a binding code vouches for its tenant, also for those that came before it.
    """
    decisions: dict[int, Decision] = {}
    codes, vouchers = dict(known.binding_codes), {pair: set(by) for pair, by in known.vouchers.items()}
    now = Known(known.customers, codes, vouchers)
    waiting, is_news = list(accounts), True
    while waiting and is_news:
        is_news = False
        for account in waiting:
            decision = decisions[account.pk] = decide(rules, account, now)
            for pk in decision.used_up:
                _use_up(codes, pk, account)
                vouchers.setdefault((account.tenant, decision.matches[0].customer), set()).add(account.pk)
                is_news = True
        waiting = [each for each in waiting if decisions[each.pk].outcome != Outcome.BOUND]
    return decisions


def _use_up(codes: dict[str, IssuedCode], pk: int, account: Account) -> None:
    for typed, issued in codes.items():
        if issued.pk == pk:
            codes[typed] = replace(issued, is_open=False, used_by=account.pk)


def _matches(rules: Sequence[Rule], account: Account, known: Known) -> Iterator[Match]:
    for rule in sorted(rules, key=lambda rule: (rule.position, rule.pk)):
        if rule.scope != account.scope:
            continue
        for key, value in account.fields:
            if key == rule.key and (match := _match(rule, value, account, known)):
                yield match


def _match(rule: Rule, value: str, account: Account, known: Known) -> Match | None:
    if rule.kind == Kind.BINDING_CODE:
        return _by_binding_code(rule, value, account, known)
    named = known.customers.get(normalised(value))
    if named is None or (rule.kind == Kind.EXACT_CODE and named.code != value):
        return None
    others = known.vouchers.get((account.tenant, named.customer), frozenset()) - {account.pk}
    alone = not account.left_to_people and (not rule.proposes_only or bool(others))
    return Match(rule, named.customer, value, alone, code=named.code)


def _by_binding_code(rule: Rule, value: str, account: Account, known: Known) -> Match | None:
    """One that is used up, expired or revoked still names its customer, and binds nobody else."""
    issued = known.binding_codes.get(one_time_codes.read(value) or "")
    if issued is None:
        return None
    is_good = issued.is_open or issued.used_by == account.pk
    return Match(rule, issued.customer, value, is_good and not account.left_to_people, binding_code=issued.pk)
