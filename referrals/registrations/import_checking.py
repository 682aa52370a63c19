"""Reading the file of an import and comparing its rows with what is known, 500 at a time.

One that is taken up again reads on after the rows that were kept (``RegistrationImport.rows``).
"""

import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext_noop

from hireops import contacts
from hireops.feishu.models import Tenant
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Part, Step
from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.header import ColumnNames, Columns
from hireops.spreadsheets.reading import read_rows
from referrals.models import Registration, RegistrationImport
from referrals.registrations.creating import customers
from referrals.registrations.matching import (
    LONGEST_GIVEN,
    compare_with_known,
    compare_with_line,
    known_accounts,
    read_contacts,
    read_customer,
    refuse_customer,
)

CHECK = "referrals.import_check"
MOST_ROWS = 50_000
CHECKED_AT_ONCE = 500

State, RowState = RegistrationImport.State, Registration.State

COLUMNS = ColumnNames(
    mobile="手机号,手机,手机号码,移动电话,联系电话,电话,电话号码,mobile,mobile number,mobile phone,phone,"
    "phone number,cell,cellphone,tel,telephone",
    code="国家区号,国家/地区代码,国家/地区码,国家码,国家代码,国际区号,区号,"
    "code,country code,calling code,dial code,area code",
    email="邮箱,电子邮箱,邮箱地址,邮件,电子邮件,企业邮箱,工作邮箱,email,email address,mail,work email",
    customer="客户,客户名称,租户,租户名称,企业,企业名称,公司,公司名称,customer,customer name,company,tenant,"
    "tenant key,tenant_key",
    name="姓名,名字,名称,员工,员工姓名,内推人,内推人姓名,name,full name,employee,employee name,referrer",
)
WITHOUT_HEADER = Columns({"mobile": 0, "email": 1, "name": 2})


@dataclass(frozen=True, slots=True)
class Given:
    """A row as it stands in the file."""

    line: int
    mobile: str
    email: str
    name: str
    customer: str


# --- In parts


def parts(job: Job) -> Iterator[Part]:
    """Keep the rows that are not kept yet, then say that the import is checked, or why it can't be read."""
    batch = RegistrationImport.objects.select_related("tenant").get(pk=job.subject_pk)
    try:
        served = customers()
        left = islice(_given_rows(io.BytesIO(batch.content or b""), batch.file_name), batch.rows, None)
        while given := list(islice(left, CHECKED_AT_ONCE)):
            yield partial(_keep, job, batch, [_row(batch, each, served) for each in given])
        yield partial(_end, batch)
    except UnreadableFileError as why:
        yield partial(_end_as_unreadable, batch, problem=why.key, problem_details=why.details)


def _keep(job: Job, batch: RegistrationImport, rows: Sequence[Registration]) -> Step:
    ready: dict[Tenant, list[Registration]] = defaultdict(list)
    for row in rows:
        if row.state == RowState.READY and row.tenant is not None:
            ready[row.tenant].append(row)
    for tenant, its in ready.items():  # two customers may have employees of one contact
        _compare(batch, its, tenant)
    batch.rows += len(rows)
    batch.save(update_fields=["rows"])
    Registration.objects.bulk_create(rows)
    job.done = batch.rows
    return GO_ON


def _end(batch: RegistrationImport) -> Step:
    batch.state, batch.content = State.CHECKED, None
    batch.save(update_fields=["state", "content"])
    return DONE


def _end_as_unreadable(batch: RegistrationImport, **problem: Any) -> Step:
    ended = {"state": State.UNREADABLE, "content": None, "rows": 0, **problem}
    RegistrationImport.objects.filter(pk=batch.pk).update(**ended)
    Registration.objects.filter(batch=batch).delete()
    return Step(outcome=Job.State.FAILED, reason=gettext_noop("The file can't be read."))


# --- Reading


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
    cells_ = (mobile, cell("email"), cell("name"), cell("customer"))
    return Given(line, *(text[:LONGEST_GIVEN] for text in cells_))


def _row(batch: RegistrationImport, given: Given, served: Sequence[Tenant]) -> Registration:
    """Of a custom app, which has one customer, a column that happens to be named so is not read."""
    row = Registration(
        batch=batch,
        line=given.line,
        mobile_given=given.mobile,
        email_given=given.email,
        name=given.name,
        tenant_given=given.customer if settings.FEISHU_APP_TYPE == "store" else "",
        created_by_id=batch.uploaded_by_id,
    )
    read_contacts(row)
    default = batch.tenant if batch.tenant in served else None
    if problem := read_customer(row, served, default):
        refuse_customer(row, problem)
    return row


# --- Comparing


def _compare(batch: RegistrationImport, rows: Sequence[Registration], tenant: Tenant) -> None:
    """With the lines before them, then with the accounts that are known."""
    mobiles, emails = [row.mobile for row in rows if row.mobile], [row.email for row in rows if row.email]
    lines = _earlier_lines(batch, tenant, mobiles, emails)
    known = known_accounts(tenant, mobiles, emails)
    for row in rows:
        same = [lines[contact] for contact in (row.mobile, row.email) if contact in lines]
        if same:
            compare_with_line(row, min(same))
            continue
        compare_with_known(row, known)
        if row.state != RowState.INVALID:
            _keep_first_line(lines, row)


def _earlier_lines(
    batch: RegistrationImport, tenant: Tenant, mobiles: Sequence[str], emails: Sequence[str]
) -> dict[str, int]:
    """Where these contacts stood in the parts before: asked of the database, so that memory stays flat."""
    of_the_customer = Registration.objects.filter(batch=batch, tenant=tenant)
    counted = of_the_customer.filter(state__in=[RowState.READY, RowState.DUPLICATE])
    counted = counted.exclude(problem="duplicate_line").order_by("-line")
    # That they are not "" is said for the partial indexes.
    by_mobile = counted.exclude(mobile="").filter(mobile__in=mobiles).values_list("mobile", "line")
    by_email = counted.exclude(email="").filter(email__in=emails).values_list("email", "line")
    return {contact: line or 0 for contact, line in [*by_mobile, *by_email]}


def _keep_first_line(lines: dict[str, int], row: Registration) -> None:
    for contact in (row.mobile, row.email):
        if contact:
            lines.setdefault(contact, row.line or 0)
