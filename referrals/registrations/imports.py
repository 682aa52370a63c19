"""Registering thousands from a file: uploaded, checked row by row, confirmed by a person, sent in parts.

The upload only keeps the file. A worker checks it, 500 rows at a time, for as long as it holds the import's
lease (``busy_until``): every part renews it in the transaction that keeps the rows, so a worker that was too
slow keeps nothing, and the next one begins again without them.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import IO

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops import contacts
from hireops.database import clock, locks
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.failpoints import failpoint
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call
from hireops.spreadsheets.errors import UnreadableFileError, reason_unreadable
from hireops.spreadsheets.header import ColumnNames, Columns
from hireops.spreadsheets.reading import read_rows
from referrals.models import Registration, RegistrationImport
from referrals.registrations.services import (
    CREATE,
    LONGEST_GIVEN,
    compare_with_known,
    compare_with_line,
    known_accounts,
    owe,
    own_tenant,
    read_contacts,
)

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 50_000
LEASE = timedelta(seconds=60)
CHECKED_AT_ONCE = 500
# No more than half a minute's worth is owed ahead: who registers one person by form does not wait for long.
OWED_AT_ONCE = 50

State, RowState = RegistrationImport.State, Registration.State
NOT_SENT = [RowState.READY, RowState.INVALID, RowState.DUPLICATE]

COLUMNS = ColumnNames(
    mobile="手机号,手机,手机号码,移动电话,联系电话,电话,电话号码,mobile,mobile number,mobile phone,phone,"
    "phone number,cell,cellphone,tel,telephone",
    code="国家区号,国家/地区代码,国家/地区码,国家码,国家代码,国际区号,区号,"
    "code,country code,calling code,dial code,area code",
    email="邮箱,电子邮箱,邮箱地址,邮件,电子邮件,企业邮箱,工作邮箱,email,email address,mail,work email",
    name="姓名,名字,名称,员工,员工姓名,内推人,内推人姓名,name,full name,employee,employee name,referrer",
)
WITHOUT_HEADER = Columns({"mobile": 0, "email": 1, "name": 2})


class LeaseLostError(Exception):
    """Another worker checks this file now, or somebody has discarded it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A row as it stands in the file."""

    line: int
    mobile: str
    email: str
    name: str


# --- Uploading


def upload(file: IO[bytes], file_name: str, *, by: User) -> RegistrationImport:
    """Keep the file; a worker checks it. Raises ``Refused`` for one that is too large, without reading on."""
    own_tenant()
    content = file.read(MOST_BYTES + 1)
    if not content:
        raise Refused(reason_unreadable("empty", {}))
    if len(content) > MOST_BYTES:
        text = _("The file has more than %(most)s MB. Split it into smaller ones and upload them one by one.")
        raise Refused(text % {"most": MOST_BYTES // 1024 // 1024})
    with transaction.atomic():
        batch = RegistrationImport.objects.create(
            file_name=file_name[-LONGEST_GIVEN:], content=content, uploaded_by=by
        )
        audit.record(by=by, action=gettext_noop("referrers uploaded"), on=batch, bytes=len(content))
    return batch


def problem_in_words(batch: RegistrationImport) -> str:
    """Why the file can't be read, in the reader's language; "" if it can."""
    if batch.problem == "no_rows":
        return _("The file has no rows besides its header.")
    if batch.problem == "no_company":
        return _("It is not clear in which company the referrers are to be registered.")
    return reason_unreadable(batch.problem, batch.problem_details) if batch.problem else ""


# --- Checking


def check_uploaded() -> None:
    """Check the file that waits longest, unless a worker is checking one.

    One at a time, and only one: several large ones would otherwise keep all workers from everything else.
    """
    if batch := _claim():
        _check(batch)


def _claim() -> RegistrationImport | None:
    with transaction.atomic():
        locks.advisory_lock("checks of imports")  # of two that look at once, the second sees the first
        now = clock.now()
        uploaded = RegistrationImport.objects.filter(state=State.CHECKING)
        if uploaded.filter(busy_until__gt=now).exists():
            return None
        batch = _first_unlocked(uploaded)
        if batch is not None:
            Registration.objects.filter(batch=batch).delete()  # of a worker that did not come to the end
            batch.rows, batch.busy_until = 0, now + LEASE
            batch.save(update_fields=["rows", "busy_until"])
        return batch


def _first_unlocked(imports: QuerySet[RegistrationImport]) -> RegistrationImport | None:
    skip = connection.features.has_select_for_update_skip_locked
    return imports.select_for_update(skip_locked=skip).defer("content").order_by("id").first()


def _check(batch: RegistrationImport) -> None:
    try:
        tenant = own_tenant()
        rows = _given_rows(_file(batch), batch.file_name)
        while part := list(islice(rows, CHECKED_AT_ONCE)):
            _keep_part(batch, part, tenant)
            failpoint("referrals.between_parts")
        _end_check(batch, state=State.CHECKED)
    except UnreadableFileError as why:
        _end_check(batch, state=State.UNREADABLE, problem=why.key, problem_details=why.details)
    except Refused:
        _end_check(batch, state=State.UNREADABLE, problem="no_company")
    except LeaseLostError:
        return


def _file(batch: RegistrationImport) -> IO[bytes]:
    content = RegistrationImport.objects.values_list("content", flat=True).get(pk=batch.pk)
    return io.BytesIO(content or b"")


def _given_rows(file: IO[bytes], file_name: str) -> Iterator[Given]:
    """The rows that are not empty, with their numbers in the file. Raises ``UnreadableFileError``."""
    columns: Columns | None = None
    found = 0
    for line, cells in enumerate(read_rows(file, file_name), start=1):
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _header(cells)
            if columns:
                continue
            columns = WITHOUT_HEADER
        found += 1
        if found > MOST_ROWS:
            raise UnreadableFileError("too_many_rows", most=MOST_ROWS)
        yield _given(line, cells, columns)
    if not found:
        raise UnreadableFileError("no_rows")


def _header(cells: Sequence[str]) -> Columns | None:
    """The columns that are known by their names; None if this is no header."""
    columns = COLUMNS.find(cells)
    return columns if "mobile" in columns or "email" in columns else None


def _given(line: int, cells: Sequence[str], columns: Columns) -> Given:
    def cell(column: str) -> str:
        return columns.value(cells, column).strip()

    mobile = contacts.with_code(cell("code"), cell("mobile"))
    return Given(line, mobile[:LONGEST_GIVEN], cell("email")[:LONGEST_GIVEN], cell("name")[:LONGEST_GIVEN])


def _keep_part(batch: RegistrationImport, part: Sequence[Given], tenant: Tenant) -> None:
    rows = [_row(batch, given) for given in part]
    with transaction.atomic():
        _renew(batch, len(rows))
        _compare(batch, [row for row in rows if row.state == RowState.READY], tenant)
        Registration.objects.bulk_create(rows)


def _row(batch: RegistrationImport, given: Given) -> Registration:
    row = Registration(
        batch=batch,
        line=given.line,
        mobile_given=given.mobile,
        email_given=given.email,
        name=given.name,
        created_by_id=batch.uploaded_by_id,
    )
    read_contacts(row)
    return row


def _renew(batch: RegistrationImport, more_rows: int) -> None:
    """Go on, if the import is still ours. Raises ``LeaseLostError``."""
    _write_as_holder(batch, rows=batch.rows + more_rows, busy_until=clock.now() + LEASE)


def _end_check(batch: RegistrationImport, **values: object) -> None:
    with transaction.atomic():
        try:
            _write_as_holder(batch, content=None, busy_until=None, **values)
        except LeaseLostError:
            return
        if values["state"] == State.UNREADABLE:
            Registration.objects.filter(batch=batch).delete()
            RegistrationImport.objects.filter(pk=batch.pk).update(rows=0)


def _write_as_holder(batch: RegistrationImport, **values: object) -> None:
    ours = RegistrationImport.objects.filter(pk=batch.pk, state=State.CHECKING, busy_until=batch.busy_until)
    if not ours.update(**values):
        raise LeaseLostError
    for name, value in values.items():
        setattr(batch, name, value)


def _compare(batch: RegistrationImport, rows: Sequence[Registration], tenant: Tenant) -> None:
    """With the lines before them, then with the accounts that are known."""
    mobiles, emails = [row.mobile for row in rows if row.mobile], [row.email for row in rows if row.email]
    lines = _earlier_lines(batch, mobiles, emails)
    known = known_accounts(tenant, mobiles, emails)
    for row in rows:
        same = [lines[contact] for contact in (row.mobile, row.email) if contact in lines]
        if same:
            compare_with_line(row, min(same))
            continue
        compare_with_known(row, known)
        if row.state != RowState.INVALID:
            _note_line(lines, row)


def _earlier_lines(
    batch: RegistrationImport, mobiles: Sequence[str], emails: Sequence[str]
) -> dict[str, int]:
    """Where these contacts stood in the parts before: asked of the database, so that memory stays flat."""
    counted = Registration.objects.filter(batch=batch, state__in=[RowState.READY, RowState.DUPLICATE])
    counted = counted.exclude(problem="duplicate_line").order_by("-line")
    # That they are not "" is said for the partial indexes.
    by_mobile = counted.exclude(mobile="").filter(mobile__in=mobiles).values_list("mobile", "line")
    by_email = counted.exclude(email="").filter(email__in=emails).values_list("email", "line")
    return {contact: line or 0 for contact, line in [*by_mobile, *by_email]}


def _note_line(lines: dict[str, int], row: Registration) -> None:
    for contact in (row.mobile, row.email):
        if contact:
            lines.setdefault(contact, row.line or 0)


# --- Confirming and discarding


def confirm(batch: RegistrationImport, *, by: User) -> RegistrationImport:
    """Register the READY rows of a checked import. Raises ``Refused`` in another state, or without any."""
    own_tenant()
    with transaction.atomic():
        batch = _locked(batch)
        if batch.state != State.CHECKED:
            raise Refused(
                _("Only an import that has been checked, and not been confirmed, can be confirmed.")
            )
        ready = Registration.objects.filter(batch=batch, state=RowState.READY).count()
        if not ready:
            raise Refused(_("No row is ready to be registered. Correct the rows, or discard the import."))
        batch.state, batch.confirmed_by, batch.confirmed_at = State.SENDING, by, clock.now()
        batch.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        audit.record(by=by, action=gettext_noop("import confirmed"), on=batch, ready=ready)
        return batch


def discard(batch: RegistrationImport, *, by: User, reason: str = "") -> RegistrationImport:
    """Leave it, or of one that is being registered all that is not on its way yet."""
    with transaction.atomic():
        batch = _locked(batch)
        if not may_be_discarded(batch):
            raise Refused(_("This import has ended. There is nothing left to be discarded."))
        left = Registration.objects.filter(batch=batch, state__in=NOT_SENT)
        discarded = left.update(state=RowState.DISCARDED, finished_at=clock.now())
        audit.record(by=by, action=gettext_noop("import discarded"), on=batch, reason=reason, rows=discarded)
        if batch.state != State.SENDING:
            batch.state, batch.finished_at = State.DISCARDED, clock.now()
            batch.content = None
            batch.save(update_fields=["state", "finished_at", "content"])
        return batch


def may_be_discarded(batch: RegistrationImport) -> bool:
    """Whether it makes sense to offer it; ``discard`` looks again."""
    return batch.state in {State.CHECKING, State.CHECKED, State.SENDING}


def _locked(batch: RegistrationImport) -> RegistrationImport:
    return RegistrationImport.objects.select_for_update().defer("content").get(pk=batch.pk)


# --- Sending


def enqueue_confirmed() -> bool:
    """Owe the next part of each confirmed import, and end those that have no row left; whether any is owed.

    50 rows in one transaction, and as long as fewer than these wait to be sent. Beat calls it every few
    seconds, which is far faster than Feishu's hundred calls a minute.
    """
    try:
        tenant = own_tenant()
    except Refused:
        return False  # the rows wait until it is clear again where to
    sending = (
        RegistrationImport.objects.filter(state=State.SENDING).order_by("id").values_list("pk", flat=True)
    )
    owed = [_owe_part(pk, tenant) for pk in sending]
    return any(owed)


def _owe_part(pk: int, tenant: Tenant) -> bool:
    with transaction.atomic():
        batch = _first_unlocked(RegistrationImport.objects.filter(pk=pk, state=State.SENDING))
        if batch is None:
            return False
        rows = _next_part(batch)
        known = known_accounts(tenant, [row.mobile for row in rows], [row.email for row in rows])
        owed = [row for row in rows if _owe_or_end(row, known, batch, tenant)]
        if not rows:
            _end_if_done(batch)
        return bool(owed)


def _next_part(batch: RegistrationImport) -> list[Registration]:
    on_their_way = Registration.objects.filter(
        batch=batch, state=RowState.PENDING, call__state=Call.State.PENDING
    )
    if on_their_way[:OWED_AT_ONCE].count() >= OWED_AT_ONCE:
        return []
    ready = Registration.objects.filter(batch=batch, state=RowState.READY).order_by("line")
    return list(ready.select_for_update()[:OWED_AT_ONCE])


def _owe_or_end(
    row: Registration, known: Mapping[str, set[int]], batch: RegistrationImport, tenant: Tenant
) -> bool:
    """False if its owner has got an account since the file was checked."""
    compare_with_known(row, known)
    if row.state != RowState.READY:
        row.save()
        return False
    owe(row, tenant=tenant, by=batch.confirmed_by)
    return True


def _end_if_done(batch: RegistrationImport) -> None:
    left = Registration.objects.filter(batch=batch, state__in=[RowState.READY, RowState.PENDING])
    if not left.exists():
        batch.state, batch.finished_at = State.DONE, clock.now()
        batch.save(update_fields=["state", "finished_at"])


# --- What a person sees of it


def counts(batch: RegistrationImport) -> dict[str, int]:
    """How many rows are in each state."""
    rows = Registration.objects.filter(batch=batch).order_by()
    return dict(rows.values_list("state").annotate(Count("pk")))


def minutes_for(rows: int) -> int:
    """How long it takes to send so many, at the API's pace (contract 2.1)."""
    (limit,) = ENDPOINTS[CREATE].limits
    return -(-rows * limit.seconds // (limit.calls * 60))


def problem_rows(batch: RegistrationImport) -> QuerySet[Registration]:
    """Rows that somebody has to look at, in the order of the file."""
    waiting = Q(state=RowState.PENDING, call__state=Call.State.WAITING)
    rows = Registration.objects.filter(batch=batch).filter(~Q(problem="") | waiting)
    return rows.select_related("call", "account").order_by("line")


def file_of_problems(
    batch: RegistrationImport, header: Sequence[str], reason: Callable[[Registration], str]
) -> Iterator[list[str]]:
    """The rows as they were given, for the file that goes back, each with its line and its reason."""
    yield list(header)
    rows: Iterable[Registration] = problem_rows(batch).iterator(chunk_size=CHECKED_AT_ONCE)
    for row in rows:
        yield [str(row.line or ""), row.mobile_given, row.email_given, row.name, reason(row)]
