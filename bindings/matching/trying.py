"""What rules would do with the last accounts, before they are on. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bindings.matching.decide import Decision, Known, Outcome, Rule, decide_all
from bindings.matching.known import as_decided, known_of, rules_that_are_on
from bindings.models import Customer, EcoAccount, MatchingRule

LAST = 500


@dataclass(frozen=True, slots=True)
class Tried:
    """An account, whom the rules name, and whose it is today."""

    account: EcoAccount
    decision: Decision
    named: Sequence[Customer]


@dataclass(slots=True)
class Trial:
    """The last accounts by what would become of them; ``otherwise``: bound today to somebody else."""

    bound: list[Tried] = field(default_factory=list)
    proposed: list[Tried] = field(default_factory=list)
    several: list[Tried] = field(default_factory=list)
    nobody: list[Tried] = field(default_factory=list)
    otherwise: list[Tried] = field(default_factory=list)

    @property
    def looked_at(self) -> int:
        return sum(map(len, (self.bound, self.proposed, self.several, self.nobody)))


def try_rule(rule: MatchingRule) -> Trial:
    """What this rule, with those that are on, would do with the last accounts of its form."""
    newest = EcoAccount.objects.filter(scope=rule.scope).select_related("customer", "tenant").order_by("-pk")
    accounts = list(newest[:LAST])
    others = [each for each in rules_that_are_on() if each.pk != rule.pk and each.scope == rule.scope]
    decisions = decided(accounts, [*others, rule.as_decided()])
    named = Customer.objects.in_bulk({pk for each in decisions.values() for pk in each.customers})
    trial = Trial()
    groups = {
        Outcome.BOUND: trial.bound,
        Outcome.PROPOSED: trial.proposed,
        Outcome.SEVERAL: trial.several,
        Outcome.NOBODY: trial.nobody,
    }
    for account in accounts:
        decision = decisions[account.pk]
        tried = Tried(account, decision, [named[pk] for pk in decision.customers])
        groups[decision.outcome].append(tried)
        if account.customer_id and decision.customers and decision.customers != [account.customer_id]:
            trial.otherwise.append(tried)
    return trial


def decided(accounts: Sequence[EcoAccount], rules: Sequence[Rule]) -> dict[int, Decision]:
    """As if they arrived now, in the order in which they have."""
    seen = as_decided(sorted(accounts, key=lambda account: account.pk))
    known: Known = known_of(seen, rules)
    return decide_all(rules, seen, known)
