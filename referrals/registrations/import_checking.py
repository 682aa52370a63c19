"""Reading the file of an import of referrers and comparing its rows with what is known."""

import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

from django.conf import settings

from hireops import contacts
from hireops.feishu.models import Tenant
from hireops.imports import checking
from hireops.jobs.models import Job
from hireops.jobs.registry import Part
from hireops.spreadsheets.header import ColumnNames, Wanted
from hireops.spreadsheets.reading import open_table
from hireops.spreadsheets.tables import Line
from referrals.models import Registration, RegistrationImport
from referrals.registrations.creating import customers
from referrals.registrations.imports import KIND
from referrals.registrations.matching import (
    CORRECTS,
    LONGEST_GIVEN,
    compare_with_known,
    compare_with_line,
    end_corrected,
    known_accounts,
    read_contacts,
    read_customer,
    refuse_customer,
)

MOST_ROWS = checking.MOST_ROWS
MOST_DIGITS = 18  # of a row's number

RowState = Registration.State

_columns = partial(
    ColumnNames,
    ids=frozenset({"mobile", "code", "email", "corrects"}),
    mobile="手机号,mobile number|手机,手机号码,移动电话,联系电话,电话,电话号码,mobile,mobile phone,phone,"
    "phone number,cell,cellphone,tel,telephone",
    code="国家/地区代码,country code|国家区号,国家/地区码,国家码,国家代码,国际区号,区号,"
    "code,calling code,dial code,area code",
    email="邮箱,email|电子邮箱,邮箱地址,邮件,电子邮件,企业邮箱,工作邮箱,email address,mail,work email",
    name="姓名,name|名字,名称,员工,员工姓名,内推人,内推人姓名,full name,employee,employee name,referrer",
    corrects="更正记录号,row to correct",
)
OF_ONE_CUSTOMER = _columns()
OF_SEVERAL = _columns(
    customer="客户,customer|客户名称,租户,租户名称,企业,企业名称,公司,公司名称,customer name,company,tenant,"
    "tenant key,tenant_key"
)


def parts(job: Job) -> Iterator[Part]:
    batch = KIND.batch(job)
    served = customers()
    content, sheet = io.BytesIO(batch.content or b""), checking.sheet_of(batch)
    # A custom app has one customer, and a column that happens to be named so is not read.
    columns = OF_SEVERAL if settings.FEISHU_APP_TYPE == "store" else OF_ONE_CUSTOMER
    wanted = Wanted(columns, lambda found: "mobile" in found or "email" in found)
    opened = partial(open_table, content, batch.file_name, wanted, sheet=sheet)
    without_header = columns.in_order("mobile", "email", "name")
    lines = checking.lines(batch, opened, most_rows=MOST_ROWS, without_header=without_header)
    row_of = partial(_row, batch, served)
    compare = partial(_compare_each, batch)
    return checking.parts(KIND, job, batch, lines, row_of=row_of, compare=compare)


# --- Reading


def _row(batch: RegistrationImport, served: Sequence[Tenant], line: Line) -> Registration:
    row = Registration(
        batch=batch,
        line=line.number,
        mobile_given=contacts.with_code(line.cell("code"), line.cell("mobile"))[:LONGEST_GIVEN],
        email_given=line.cell("email"),
        name=line.cell("name"),
        tenant_given=line.cell("customer"),
        created_by_id=batch.uploaded_by_id,
    )
    corrects = line.cell("corrects")
    if corrects.isdecimal() and len(corrects) <= MOST_DIGITS:
        row.problem_details = {CORRECTS: int(corrects)}
    read_contacts(row)
    default = batch.tenant if batch.tenant in served else None
    if problem := read_customer(row, served, default):
        refuse_customer(row, problem)
    return row


# --- Comparing


def _compare_each(batch: RegistrationImport, rows: Sequence[Registration]) -> None:
    """Two customers may have employees of one contact."""
    ready: dict[Tenant, list[Registration]] = defaultdict(list)
    for row in rows:
        if row.state == RowState.READY and row.tenant is not None:
            ready[row.tenant].append(row)
    for tenant, its in ready.items():
        _compare(batch, its, tenant)


def _compare(batch: RegistrationImport, rows: Sequence[Registration], tenant: Tenant) -> None:
    """With the lines before them, then with the accounts that are known."""
    mobiles, emails = [row.mobile for row in rows if row.mobile], [row.email for row in rows if row.email]
    lines = _earlier_lines(batch, tenant, mobiles, emails)
    known = known_accounts(tenant, mobiles, emails)
    for row in rows:
        same = [lines[contact] for contact in (row.mobile, row.email) if contact in lines]
        if same:
            compare_with_line(row, *min(same))
            continue
        compare_with_known(row, known)
        if row.state != RowState.INVALID:
            _keep_first_line(lines, row)
    end_corrected([row for row in rows if row.state == RowState.DUPLICATE])


def _earlier_lines(
    batch: RegistrationImport, tenant: Tenant, mobiles: Sequence[str], emails: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """Where these contacts stood in the parts before: asked of the database, so that memory stays flat."""
    of_the_customer = Registration.objects.filter(batch=batch, tenant=tenant)
    counted = of_the_customer.filter(state__in=[RowState.READY, RowState.DUPLICATE])
    counted = counted.exclude(problem="duplicate_line").order_by("-line")
    # That they are not "" is said for the partial indexes.
    by_mobile = counted.exclude(mobile="").filter(mobile__in=mobiles).values_list("mobile", "line", "name")
    by_email = counted.exclude(email="").filter(email__in=emails).values_list("email", "line", "name")
    return {contact: (line or 0, name) for contact, line, name in [*by_mobile, *by_email]}


def _keep_first_line(lines: dict[str, tuple[int, str]], row: Registration) -> None:
    for contact in (row.mobile, row.email):
        if contact:
            lines.setdefault(contact, (row.line or 0, row.name))
