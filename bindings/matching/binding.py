"""Writing whose an account is. All roads lead here: an event, a person, a run over the queue."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_noop

from bindings.matching import changes, one_time_codes
from bindings.matching.decide import Decision, Kind, Match, decide, decide_all
from bindings.matching.known import as_decided, known_of, rules_that_are_on
from bindings.models import BindingChange, BindingCode, EcoAccount
from hireops.database import bulk, clock
from hireops.database.locks import advisory_lock
from hireops.desk import audit
from hireops.desk.models import AuditEntry

How = BindingChange.How
WRITTEN = (
    "account",
    "customer_before",
    "customer",
    "how",
    "rule",
    "key",
    "kind",
    "value",
    "binding_code",
    "event",
    "by",
    "reason",
)
NO_EVIDENCE = [None, "", "", ""]
WAITS = Q(customer__isnull=True, set_aside=False)
LONGEST_VALUE = 255
# How many accounts of a tenant are looked at again at once when somebody has said whose it is.
MOST_OF_A_TENANT = 500

ACTIONS = {
    How.RULE: gettext_noop("account bound to a customer"),
    How.BINDING_CODE: gettext_noop("account bound to a customer"),
    How.BY_HAND: gettext_noop("account bound to a customer"),
    How.RELEASED: gettext_noop("account released"),
    How.SET_ASIDE: gettext_noop("account set aside"),
    How.PUT_BACK: gettext_noop("account put back"),
}
ASKED = gettext_noop("account names another customer")


@dataclass(frozen=True, slots=True)
class Change:
    """What is said of one account, which the caller has locked. ``used_up`` are binding codes."""

    account: EcoAccount
    customer: int | None
    how: BindingChange.How
    match: Match | None = None
    used_up: Sequence[int] = ()
    by: User | None = None
    reason: str = ""

    @property
    def vouches(self) -> bool:
        """Whether it says of the tenant too whose it is."""
        return self.how == How.BY_HAND or bool(self.used_up)


def lock_tenants(tenants: Iterable[int]) -> None:
    """Lock whose these tenants are, before any row is locked (docs/architecture.md, *The order of locks*).

    Or of two accounts that are bound at once each would not know that the other vouches for it.
    """
    advisory_lock(*(f"whose the tenant {tenant} is" for tenant in set(tenants)))


def lock_accounts(pks: Collection[int]) -> list[EcoAccount]:
    """Lock the tenants of these accounts, then the accounts."""
    accounts = EcoAccount.objects.filter(pk__in=pks).order_by("pk")
    lock_tenants(accounts.values_list("tenant", flat=True))
    return list(accounts.select_for_update(no_key=True))


def match_accounts(accounts: Sequence[EcoAccount]) -> list[EcoAccount]:
    """Bind those of these accounts of whom the rules say whose they are. Tenants and accounts are locked.

    Of one that is somebody's already the rules only ask. Gives those that were bound, also others of the
    same tenants that have waited for it.
    """
    return write(_decided(accounts))


def _decided(accounts: Sequence[EcoAccount]) -> list[Change]:
    rules = rules_that_are_on()
    if not rules or not accounts:
        return []
    seen = as_decided(accounts)
    known = known_of(seen, rules, locked=True)
    by_pk = {account.pk: account for account in accounts}
    decisions = decide_all(rules, [each for each in seen if waits(by_pk[each.pk])], known)
    _ask_about(
        (by_pk[each.pk], decide(rules, each, known))
        for each in seen
        if by_pk[each.pk].customer_id is not None
    )
    return [_bound(by_pk[pk], made) for pk, made in decisions.items() if made.customer is not None]


def waits(account: EcoAccount) -> bool:
    return account.customer_id is None and not account.set_aside


def write(said: Sequence[Change]) -> list[EcoAccount]:
    """Write down each change and all that follows from it. Tenants and accounts are locked."""
    written: list[EcoAccount] = []
    moved: list[EcoAccount] = []
    while said:
        moved += [each.account for each in said if each.customer != each.account.customer_id]
        written += [each.account for each in said]
        _record(said)
        said = _vouched_for(said)
    changes.tell(moved)  # last: it locks offers and orders
    return written


def _record(said: Sequence[Change]) -> None:
    bulk.insert(BindingChange, WRITTEN, map(_row, said))
    now = clock.now()
    used = ((pk, now, each.account.pk) for each in said for pk in each.used_up)
    bulk.update(BindingCode, ["used_at", "used_by"], used)
    audit.record_all(map(_entry, said))
    for each in said:
        each.account.customer_id = each.customer
        each.account.set_aside = each.how == How.SET_ASIDE
        each.account.in_question_id = None
    states = ((each.account.pk, each.customer, each.account.set_aside, None) for each in said)
    bulk.update(EcoAccount, ["customer", "set_aside", "in_question"], states)


def _vouched_for(said: Sequence[Change]) -> list[Change]:
    """Changes of accounts that waited for somebody to say whose their tenant is, the oldest first."""
    tenants = {each.account.tenant_id for each in said if each.vouches}
    if not tenants or not any(rule.proposes_only for rule in rules_that_are_on()):
        return []
    waiting = EcoAccount.objects.filter(WAITS, tenant__in=tenants)
    # Who holds one of them decides about it, and sees what we have written.
    can_skip = connection.features.has_select_for_update_skip_locked
    free = waiting.select_for_update(skip_locked=can_skip, no_key=True)
    return _decided(list(free.order_by("pk")[:MOST_OF_A_TENANT]))


def _bound(account: EcoAccount, decision: Decision) -> Change:
    match = decision.reason
    how = How.BINDING_CODE if match.rule.kind == Kind.BINDING_CODE else How.RULE
    return Change(account, decision.customer, how, match, decision.used_up)


def _row(change: Change) -> list[Any]:
    """A value for each of ``WRITTEN``."""
    account, match = change.account, change.match
    evidence = [match.rule.pk, match.rule.key, match.rule.kind, evidence_of(match)] if match else NO_EVIDENCE
    return [
        account.pk,
        account.customer_id,
        change.customer,
        change.how,
        *evidence,
        change.used_up[0] if change.used_up else None,
        account.event_id if match else None,
        change.by.pk if change.by else None,
        change.reason,
    ]


def evidence_of(match: Match) -> str:
    """What was typed; of a binding code only what is shown of it ever after."""
    if match.rule.kind == Kind.BINDING_CODE:
        return one_time_codes.hint(one_time_codes.read(match.value) or "")
    return match.value[:LONGEST_VALUE]


def _entry(change: Change) -> AuditEntry:
    return audit.entry(
        by=change.by,
        action=ACTIONS[change.how],
        on=change.account,
        reason=change.reason,
        how=str(change.how),
        customer_before=change.account.customer_id,
        customer=change.customer,
        rule=change.match.rule.pk if change.match else None,
    )


def _ask_about(decided: Iterable[tuple[EcoAccount, Decision]]) -> None:
    """Of accounts that are somebody's: whether what was typed last names somebody else."""
    asked = []
    for account, decision in decided:
        others = [customer for customer in decision.customers if customer != account.customer_id]
        named = others[0] if others else None
        if named != account.in_question_id:
            account.in_question_id = named
            asked.append(account)
    bulk.update(EcoAccount, ["in_question"], ((each.pk, each.in_question_id) for each in asked))
    audit.record_all(
        audit.entry(by=None, action=ASKED, on=each, customer=each.customer_id, named=each.in_question_id)
        for each in asked
        if each.in_question_id
    )
