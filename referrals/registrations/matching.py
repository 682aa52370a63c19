"""Contacts as they are given and as they can be sent, and whose they are as far as hireops knows."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_noop

from hireops import contacts
from hireops.database import clock
from hireops.desk import audit
from hireops.feishu.models import Tenant
from referrals.models import ReferralAccount, Registration

LONGEST_GIVEN = 255
# In ``problem_details``: the row of an earlier import that this one was uploaded to correct.
CORRECTS = "corrects"

State = Registration.State
KnownAccounts = Mapping[str, set[ReferralAccount]]


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
    corrects = {CORRECTS: row.problem_details[CORRECTS]} if CORRECTS in row.problem_details else {}
    row.state, row.problem = state, problem
    row.problem_details = corrects | details | ({"also": list(also)} if also else {})
    row.account = row.finished_at = None


def known_accounts(tenant: Tenant, mobiles: Collection[str], emails: Collection[str]) -> KnownAccounts:
    """The accounts that are known here, by mobile number and by email address."""
    known: dict[str, set[ReferralAccount]] = {}
    for name, values in (("mobile", mobiles), ("email", emails)):
        wanted = [value for value in values if value]
        found = ReferralAccount.objects.filter(tenant=tenant, **{f"{name}__in": wanted}) if wanted else []
        for account in found:
            known.setdefault(getattr(account, name), set()).add(account)
    return known


def compare_with_known(row: Registration, known: KnownAccounts) -> None:
    """A READY row becomes a DUPLICATE if its owner has an account, INVALID if it names two, or somebody else
    than the account.

    Of a contact that is not known here nobody but Feishu can say whether it is the same employee's.
    """
    accounts = [known.get(contact, set()) for contact in (row.mobile, row.email) if contact]
    meant = set.intersection(*accounts)
    if len(meant) == 1:
        (account,) = meant
        if not _is_named(row.name, account.name, account.feishu_name):
            _set_state(row, State.INVALID, "account_of_another")
            return
        _set_state(row, State.DUPLICATE, "already_registered")
        row.account, row.finished_at = account, clock.now()
    elif all(accounts):
        _set_state(row, State.INVALID, "two_accounts")


def compare_with_line(row: Registration, line: int, name: str) -> None:
    """An earlier line of the file has the same contact; ``name`` is who it says has it."""
    if _is_named(row.name, name):
        _set_state(row, State.DUPLICATE, "duplicate_line", line=line)
    else:
        _set_state(row, State.INVALID, "line_of_another", line=line)


def _is_named(name: str, *names: str) -> bool:
    """Whether it is one of the names that are known, or nothing contradicts it."""
    known = set(filter(None, map(_letters, names)))
    return not known or not _letters(name) or _letters(name) in known


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in plain if character.isalnum())


def end_corrected(rows: Sequence[Registration]) -> None:
    """These rows are sent, or there already: what they were uploaded to correct is no longer to be done."""
    corrected = {pk: row for row in rows if (pk := row.problem_details.get(CORRECTS))}
    ended = Registration.objects.filter(pk__in=corrected, state__in=[State.INVALID, State.REFUSED])
    for row in ended.select_for_update(of=("self",)).order_by("pk"):
        by = corrected[row.pk]
        _set_state(row, State.DISCARDED, "corrected", line=by.line, batch=by.batch_id)
        row.finished_at = clock.now()
        row.save(update_fields=["state", "problem", "problem_details", "account", "finished_at"])
        audit.record(
            by=by.created_by,
            action=gettext_noop("registration corrected"),
            on=row,
            line=by.line,
            batch=by.batch_id,
        )
