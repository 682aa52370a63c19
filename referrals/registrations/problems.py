"""What is wrong with a registration, in the reader's language."""

from django.utils.translation import gettext_lazy

from hireops import contacts
from hireops.feishu import errors
from hireops.imports.problems import in_words
from hireops.outbox import reasons
from hireops.outbox.models import Call
from referrals.models import Registration
from referrals.registrations.creating import CREATE

State = Registration.State

PROBLEMS = {
    **contacts.EXPLANATIONS,
    "no_contact": gettext_lazy("Neither a mobile number nor an email address is given. One is needed."),
    "no_customer": gettext_lazy(
        "It is not said of which customer this employee is. Choose the customer here, or name them in the "
        "file's column “Customer”."
    ),
    "no_such_customer": gettext_lazy(
        "No customer of this name or tenant key has the app installed and active. Correct the customer."
    ),
    "several_customers": gettext_lazy(
        "Several customers have this name. Write the tenant key instead, or choose the customer here."
    ),
    "duplicate_line": gettext_lazy("The same mobile number or email address is in line %(line)s already."),
    "already_registered": gettext_lazy("This employee has a referral account already. Nothing was sent."),
    "account_of_another": gettext_lazy(
        "This contact has a referral account with another name. Correct the contact, or leave the name out "
        "if it is the same person."
    ),
    "line_of_another": gettext_lazy(
        "Line %(line)s has the same mobile number or email address with another name. Correct the one that "
        "is wrong."
    ),
    "corrected": gettext_lazy("Corrected by uploading again: line %(line)s of import %(batch)s."),
    "two_accounts": gettext_lazy(
        "The mobile number and the email address belong to different referral accounts. Find out which of "
        "them is right, and leave the other one out."
    ),
    "no_such_employee": gettext_lazy(
        "No such employee: Feishu knows nobody with this contact. Correct it and try again."
    ),
    "several_employees": gettext_lazy(
        "More than one employee matches, make the contact unique: give the mobile number and the email "
        "address of the same person, or have them corrected in Feishu; then try again."
    ),
}


def problem_in_words(row: Registration) -> str:
    """Why the row is as it is and what to do, in the reader's language; "" if nothing is to be said.

    Reads ``row.call``; select it along with the rows.
    """
    if row.state == State.PENDING and row.call is not None:
        return _call_problem(row.call)
    if row.problem == "refused":
        return _refusal(row)
    return in_words(row, PROBLEMS)


def _call_problem(call: Call) -> str:
    """Of a call that waits for a person, or that has failed so far."""
    return reasons.explain(call) if waits_for_a_person(call) or call.tries else ""


def _refusal(row: Registration) -> str:
    code, call = row.problem_details.get("code"), row.call
    if code is None:
        return reasons.explain(call) if call else ""
    outcome = errors.Outcome(row.problem_details["outcome"])
    return errors.explain(outcome, code, call.error_message if call else "", CREATE)


def waits_for_a_person(call: Call | None) -> bool:
    return call is not None and call.state == Call.State.WAITING
