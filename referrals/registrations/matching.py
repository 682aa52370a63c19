"""Contacts as they are given and as they can be sent, and whose they are as far as hireops knows."""

from collections.abc import Collection, Mapping
from typing import Any

from hireops import contacts
from hireops.database import clock
from hireops.feishu.models import Tenant
from referrals.models import ReferralAccount, Registration

LONGEST_GIVEN = 255

State = Registration.State


def read_customer(row: Registration, customers: Collection[Tenant], default: Tenant | None) -> str:
    """Fill ``tenant`` from what was given, by its name or key, or else from the default.

    Gives what is wrong: a key of ``problems.PROBLEMS``, "" if nothing is.
    """
    given = row.tenant_given.casefold()
    if not given:
        row.tenant = default
        return "" if default else "no_customer"
    named = [each for each in customers if given in {each.name.casefold(), each.tenant_key.casefold()}]
    row.tenant = named[0] if len(named) == 1 else None
    return "" if row.tenant else "several_customers" if named else "no_such_customer"


def refuse_customer(row: Registration, problem: str) -> None:
    """Whatever is right with the contacts, nobody knows whose they are."""
    also = [row.problem, *row.problem_details.get("also", [])] if row.problem else []
    _set_state(row, State.INVALID, problem, *also)


def read_contacts(row: Registration) -> None:
    """Fill ``mobile`` and ``email`` from what was given. READY if they can be sent, else INVALID and why."""
    problems = []
    row.mobile = row.email = ""
    try:
        row.mobile = contacts.read_mobile(row.mobile_given)
    except contacts.UnreadableContactError as bad:
        problems.append(bad.key)
    try:
        row.email = contacts.read_email(row.email_given)
    except contacts.UnreadableContactError as bad:
        problems.append(bad.key)
    if not problems and not (row.mobile or row.email):
        problems.append("no_contact")
    _set_state(row, State.INVALID if problems else State.READY, *problems)


def _set_state(row: Registration, state: str, problem: str = "", *also: str, **details: Any) -> None:
    row.state, row.problem = state, problem
    row.problem_details = details | ({"also": list(also)} if also else {})
    row.account_id = row.finished_at = None


def known_accounts(tenant: Tenant, mobiles: Collection[str], emails: Collection[str]) -> dict[str, set[int]]:
    """The accounts that are known here, by mobile number and by email address."""
    known: dict[str, set[int]] = {}
    for name, values in (("mobile", mobiles), ("email", emails)):
        wanted = [value for value in values if value]
        found = ReferralAccount.objects.filter(tenant=tenant, **{f"{name}__in": wanted}) if wanted else []
        for account in found:
            known.setdefault(getattr(account, name), set()).add(account.pk)
    return known


def compare_with_known(row: Registration, known: Mapping[str, set[int]]) -> None:
    """A READY row becomes a DUPLICATE if its owner has an account, INVALID if it names two.

    Of a contact that is not known here nobody but Feishu can say whether it is the same employee's.
    """
    accounts = [known.get(contact, set()) for contact in (row.mobile, row.email) if contact]
    meant = set.intersection(*accounts)
    if len(meant) == 1:
        _set_state(row, State.DUPLICATE, "already_registered")
        (row.account_id,) = meant
        row.finished_at = clock.now()
    elif all(accounts):
        _set_state(row, State.INVALID, "two_accounts")


def compare_with_line(row: Registration, line: int) -> None:
    """An earlier line of the file has the same contact."""
    _set_state(row, State.DUPLICATE, "duplicate_line", line=line)
