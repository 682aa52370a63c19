"""Who is to get an account: registering one by form, and what staff can do with a row that did not work."""

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from hireops import contacts
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu import errors
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import call_tenant
from hireops.outbox import reasons
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from referrals.models import ReferralAccount, Registration, RegistrationImport

CREATE = "referral_account.create"
LONGEST_GIVEN = 255

State, ImportState = Registration.State, RegistrationImport.State
CORRECTABLE = {State.INVALID, State.DUPLICATE, State.READY, State.REFUSED}

PROBLEMS = {
    contacts.BAD_MOBILE: gettext_lazy(
        "This is no mobile number. Write it like 138 0013 8000; that of another country with its code, like "
        "+852 9123 4567."
    ),
    contacts.CUT_MOBILE: gettext_lazy(
        "Excel has shortened this number (such as 1.38E+10), so its last digits are lost. Format the column "
        "as text, enter the number again and save the file again."
    ),
    contacts.BAD_EMAIL: gettext_lazy("This is no email address."),
    "no_contact": gettext_lazy("Neither a mobile number nor an email address is given. One is needed."),
    "duplicate_line": gettext_lazy("The same mobile number or email address is in line %(line)s already."),
    "already_registered": gettext_lazy("This employee has a referral account already. Nothing was sent."),
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


# --- What is wrong, and whom we know already


def problem_in_words(row: Registration) -> str:
    """Why the row is as it is and what to do, in the reader's language; "" if nothing is to be said.

    Reads ``row.call``; select it along with the rows.
    """
    if row.state == State.PENDING and row.call is not None:
        return _trouble_on_the_way(row.call)
    if row.problem == "refused":
        return _refusal(row)
    keys = [row.problem, *row.problem_details.get("also", [])]
    return " ".join(str(PROBLEMS[key]) % row.problem_details for key in keys if key in PROBLEMS)


def _trouble_on_the_way(call: Call) -> str:
    """Of a call that waits for a person, or that was tried in vain so far."""
    return reasons.explain(call) if waits_for_a_person(call) or call.tries else ""


def _refusal(row: Registration) -> str:
    code, call = row.problem_details.get("code"), row.call
    if code is None:
        return reasons.explain(call) if call else ""
    outcome = errors.Outcome(row.problem_details["outcome"])
    return errors.explain(outcome, code, call.error_message if call else "", CREATE)


def waits_for_a_person(call: Call | None) -> bool:
    return call is not None and call.state == Call.State.WAITING


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
    _judge(row, State.INVALID if problems else State.READY, *problems)


def _judge(row: Registration, state: str, problem: str = "", *also: str, **details: Any) -> None:
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
        _judge(row, State.DUPLICATE, "already_registered")
        (row.account_id,) = meant
        row.finished_at = clock.now()
    elif all(accounts):
        _judge(row, State.INVALID, "two_accounts")


def compare_with_line(row: Registration, line: int) -> None:
    """An earlier line of the file has the same contact."""
    _judge(row, State.DUPLICATE, "duplicate_line", line=line)


# --- Registering one


def own_tenant() -> Tenant:
    """The company in which referrers are registered: that of a custom app, or a customer of a store app.

    Raises ``Refused`` for a store app, unless exactly one customer has it installed.
    """
    if settings.FEISHU_APP_TYPE == "custom":
        return Tenant.objects.own()
    customers = Tenant.objects.active()[:2]
    if len(customers) != 1:
        raise Refused(
            _(
                "Referrers can be registered for one company only, and this store app is installed by none "
                "or by several. Their accounts become known by events."
            )
        )
    return customers[0]


def register(*, mobile: str, email: str, name: str, by: User) -> Registration:
    """Owe Feishu the registration of one referrer; the row tells what becomes of it.

    Somebody who has an account leads to that (DUPLICATE, nothing is sent), and who is being registered at
    this moment to that row. Raises ``Refused`` for a contact that can't be sent.
    """
    row = Registration(created_by=by)
    _fill(row, mobile, email, name)
    with transaction.atomic():
        tenant = own_tenant()
        _judge_or_refuse(row, tenant)
        on_its_way = Registration.objects.filter(state=State.PENDING, mobile=row.mobile, email=row.email)
        if row.state == State.READY and (same := on_its_way.first()):
            return same
        row.save()
        audit.record(by=by, action=gettext_noop("registration asked for"), on=row)
        if row.state == State.READY:
            owe(row, tenant=tenant, by=by)
        return row


def _fill(row: Registration, mobile: str, email: str, name: str) -> None:
    row.mobile_given, row.email_given = mobile.strip()[:LONGEST_GIVEN], email.strip()[:LONGEST_GIVEN]
    row.name = name.strip()[:LONGEST_GIVEN]


def _judge_or_refuse(row: Registration, tenant: Tenant) -> None:
    read_contacts(row)
    if row.state == State.READY:
        compare_with_known(row, known_accounts(tenant, [row.mobile], [row.email]))
    if row.state == State.INVALID:
        raise Refused(problem_in_words(row))


def owe(row: Registration, *, tenant: Tenant, by: User | None) -> Call:
    """The call alone, for a caller that has locked the row and knows ``own_tenant()``."""
    mobile = {"mobile": contacts.parts_of(row.mobile)} if row.mobile else {}
    email = {"email": row.email} if row.email else {}
    row.call = outbox.enqueue(
        operation=CREATE,
        target=f"referral_registration:{row.pk}",
        payload={**mobile, **email},
        tenant=call_tenant(tenant),
        by=by,
    )
    row.state, row.problem, row.problem_details, row.finished_at = State.PENDING, "", {}, None
    row.save(update_fields=["call", "state", "problem", "problem_details", "finished_at"])
    return row.call


# --- What did not work


def correct(row: Registration, *, mobile: str, email: str, name: str, by: User) -> Registration:
    """Give the row another contact and try again: at once, or with its import that waits for confirmation.

    Raises ``Refused`` for a contact that can't be sent and for a row that is done or on its way; then
    nothing has changed.
    """
    with transaction.atomic():
        row, batch = _locked(row)
        if not may_be_corrected(row):
            raise Refused(_not_now(row))
        before = {each: getattr(row, each) for each in ("mobile_given", "email_given", "name")}
        _fill(row, mobile, email, name)
        tenant = own_tenant()
        _judge_or_refuse(row, tenant)
        _refuse_what_another_line_has(row)
        _give_up_call(row, by)
        row.save()
        changed = [each for each, value in before.items() if value != getattr(row, each)]
        audit.record(by=by, action=gettext_noop("registration corrected"), on=row, changed=changed)
        _go_on(row, batch, tenant, by)
        return row


def retry(row: Registration, *, by: User, reason: str = "") -> Registration:
    """Send the same contact once more: one that Feishu refused, or that waits for a person."""
    with transaction.atomic():
        row, batch = _locked(row)
        if not may_be_retried(row):
            raise Refused(_not_now(row))
        audit.record(by=by, action=gettext_noop("registration tried again"), on=row, reason=reason)
        if row.state == State.PENDING and row.call is not None:
            outbox.resend_call(row.call, by=None, reason=reason)
            return row
        tenant = own_tenant()
        _judge_or_refuse(row, tenant)
        row.save()
        _go_on(row, batch, tenant, by)
        return row


def discard(row: Registration, *, by: User, reason: str = "") -> Registration:
    """Leave it: the row is not sent, or not any more. Raises ``Refused`` if it is done or on its way."""
    with transaction.atomic():
        row, _batch = _locked(row)
        if not may_be_discarded(row):
            raise Refused(_not_now(row))
        audit.record(by=by, action=gettext_noop("registration discarded"), on=row, reason=reason)
        _give_up_call(row, by)
        row.state, row.finished_at = State.DISCARDED, clock.now()
        row.save(update_fields=["state", "finished_at"])
        return row


def may_be_corrected(row: Registration) -> bool:
    """Whether it makes sense to offer it; the service looks again."""
    return _is_checked(row) and (row.state in CORRECTABLE or waits_for_a_person(row.call))


def may_be_retried(row: Registration) -> bool:
    return row.state == State.REFUSED or (row.state == State.PENDING and waits_for_a_person(row.call))


def may_be_discarded(row: Registration) -> bool:
    return may_be_corrected(row)


def _is_checked(row: Registration) -> bool:
    return row.batch is None or row.batch.state != ImportState.CHECKING


def _locked(row: Registration) -> tuple[Registration, RegistrationImport | None]:
    """The row and its import, both locked: the import first, as where its rows are sent."""
    batch = None
    if row.batch_id is not None:
        batch = RegistrationImport.objects.select_for_update().defer("content").get(pk=row.batch_id)
    row = Registration.objects.select_for_update(of=("self",)).select_related("call").get(pk=row.pk)
    row.batch = batch
    return row, batch


def _not_now(row: Registration) -> str:
    if not _is_checked(row):
        return _("The file of this row is being checked. Look again in a minute.")
    texts = {
        State.PENDING: _("This registration is on its way to Feishu. Look again in a minute."),
        State.REGISTERED: _("This referrer is registered. Nothing is left to be done here."),
        State.DISCARDED: _("This row was discarded. Register the referrer anew instead."),
        State.INVALID: _("This row can't be sent as it is. Correct it first."),
        State.DUPLICATE: _("This row is there already. Correct it, if it means somebody else."),
        State.READY: _("This row is sent with its import, when that is confirmed."),
        State.REFUSED: "",
    }
    return texts[State(row.state)]


def _refuse_what_another_line_has(row: Registration) -> None:
    if row.batch_id is None or row.state != State.READY:
        return
    others = Registration.objects.filter(batch=row.batch_id, line__isnull=False).exclude(pk=row.pk)
    others = others.filter(state__in=[State.READY, State.PENDING, State.REGISTERED])
    for name in ("mobile", "email"):
        value = getattr(row, name)
        if value and (same := others.filter(**{name: value}).order_by("line").first()):
            raise Refused(str(PROBLEMS["duplicate_line"]) % {"line": same.line})


def _give_up_call(row: Registration, by: User) -> None:
    if row.call is not None and waits_for_a_person(row.call):
        outbox.cancel_call(row.call, by=None, reason=f"{row} ({by.get_username()})")


def _go_on(row: Registration, batch: RegistrationImport | None, tenant: Tenant, by: User) -> None:
    """Send a READY row, unless its import is still to be confirmed and sends it then."""
    if row.state == State.READY and not (batch and batch.state == ImportState.CHECKED):
        owe(row, tenant=tenant, by=by)
