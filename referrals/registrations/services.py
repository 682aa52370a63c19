"""Who is to get an account: registering one by form, and what staff can do with a row that did not work."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from hireops.outbox import services as outbox
from referrals.models import Registration, RegistrationImport
from referrals.registrations.creating import chosen_customer, enqueue_creation
from referrals.registrations.matching import LONGEST_GIVEN, compare_with_known, known_accounts, read_contacts
from referrals.registrations.problems import PROBLEMS, problem_in_words, waits_for_a_person

State, ImportState = Registration.State, RegistrationImport.State
CORRECTABLE = {State.INVALID, State.DUPLICATE, State.READY, State.REFUSED}


# --- Registering one


def register(*, mobile: str, email: str, name: str, by: User, tenant: Tenant | None = None) -> Registration:
    """Enqueue the registration of one referrer at Feishu; the row says what becomes of it.

    ``tenant`` is the customer whose employee it is; None where there is one only. Somebody who has an account
    leads to that (DUPLICATE, nothing is sent), and who is being registered at this moment to that row. Raises
    ``Refused`` for a contact that can't be sent, and without a customer.
    """
    row = Registration(created_by=by)
    _fill(row, mobile, email, name)
    with transaction.atomic():
        row.tenant = chosen_customer(tenant)
        _check_or_refuse(row)
        on_its_way = Registration.objects.filter(
            tenant=row.tenant, state=State.PENDING, mobile=row.mobile, email=row.email
        )
        if row.state == State.READY and (same := on_its_way.first()):
            return same
        row.save()
        audit.record(by=by, action=gettext_noop("registration asked for"), on=row)
        if row.state == State.READY:
            enqueue_creation(row, by=by)
        return row


def _fill(row: Registration, mobile: str, email: str, name: str) -> None:
    row.mobile_given, row.email_given = mobile.strip()[:LONGEST_GIVEN], email.strip()[:LONGEST_GIVEN]
    row.name = name.strip()[:LONGEST_GIVEN]


def _check_or_refuse(row: Registration) -> None:
    """By the contacts that are known of the row's own customer: others may have the same."""
    read_contacts(row)
    if row.state == State.READY and row.tenant is not None:
        compare_with_known(row, known_accounts(row.tenant, [row.mobile], [row.email]))
    if row.state == State.INVALID:
        raise Refused(problem_in_words(row))


# --- What did not work


def correct(
    row: Registration, *, mobile: str, email: str, name: str, by: User, tenant: Tenant | None = None
) -> Registration:
    """Give the row another contact and try again: at once, or with its import that waits for confirmation.

    Raises ``Refused`` for a contact that can't be sent and for a row that is done or on its way; then
    nothing has changed.
    """
    with transaction.atomic():
        row, batch = _locked(row)
        if not may_be_corrected(row):
            raise Refused(why_not_now(row))
        before = {each: getattr(row, each) for each in ("tenant_id", "mobile_given", "email_given", "name")}
        _fill(row, mobile, email, name)
        row.tenant = chosen_customer(tenant or row.tenant)
        _check_or_refuse(row)
        _refuse_line_twice(row)
        _cancel_waiting_call(row, by)
        row.save()
        changed = [each for each, value in before.items() if value != getattr(row, each)]
        audit.record(by=by, action=gettext_noop("registration corrected"), on=row, changed=changed)
        _enqueue_if_ready(row, batch, by)
        return row


def retry(row: Registration, *, by: User, reason: str = "") -> Registration:
    """Send the same contact once more: one that Feishu refused, or that waits for a person."""
    with transaction.atomic():
        row, batch = _locked(row)
        if not may_be_retried(row):
            raise Refused(why_not_now(row))
        audit.record(by=by, action=gettext_noop("registration tried again"), on=row, reason=reason)
        if row.state == State.PENDING and row.call is not None:
            outbox.resend_call(row.call, by=None, reason=reason)
            return row
        row.tenant = chosen_customer(row.tenant)
        _check_or_refuse(row)
        row.save()
        _enqueue_if_ready(row, batch, by)
        return row


def discard(row: Registration, *, by: User, reason: str = "") -> Registration:
    """Leave it: the row is not sent, or not any more. Raises ``Refused`` if it is done or on its way."""
    with transaction.atomic():
        row, _batch = _locked(row)
        if not may_be_discarded(row):
            raise Refused(why_not_now(row))
        audit.record(by=by, action=gettext_noop("registration discarded"), on=row, reason=reason)
        _cancel_waiting_call(row, by)
        row.state, row.finished_at = State.DISCARDED, clock.now()
        row.save(update_fields=["state", "finished_at"])
        return row


def may_be_corrected(row: Registration) -> bool:
    """Whether it makes sense to offer it; the service looks again."""
    if row.emptied_at:
        return False
    return _is_checked(row) and (row.state in CORRECTABLE or waits_for_a_person(row.call))


def may_be_retried(row: Registration) -> bool:
    if row.emptied_at:
        return False
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
    row = Registration.objects.select_for_update(of=("self",)).select_related("call", "tenant").get(pk=row.pk)
    row.batch = batch
    return row, batch


def why_not_now(row: Registration) -> str:
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


def _refuse_line_twice(row: Registration) -> None:
    if row.batch_id is None or row.state != State.READY:
        return
    others = Registration.objects.filter(batch=row.batch_id, tenant=row.tenant, line__isnull=False)
    others = others.exclude(pk=row.pk)
    others = others.filter(state__in=[State.READY, State.PENDING, State.REGISTERED])
    for name in ("mobile", "email"):
        value = getattr(row, name)
        if value and (same := others.filter(**{name: value}).order_by("line").first()):
            raise Refused(str(PROBLEMS["duplicate_line"]) % {"line": same.line})


def _cancel_waiting_call(row: Registration, by: User) -> None:
    if row.call is not None and waits_for_a_person(row.call):
        outbox.cancel_call(row.call, by=None, reason=f"{row} ({by.get_username()})")


def _enqueue_if_ready(row: Registration, batch: RegistrationImport | None, by: User) -> None:
    """Send a READY row, unless its import is still to be confirmed and sends it then."""
    if row.state == State.READY and not (batch and batch.state == ImportState.CHECKED):
        enqueue_creation(row, by=by)
