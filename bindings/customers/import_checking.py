"""Reading the rows of a file of customers, and comparing them with the customers that are there."""

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from django.contrib.auth.models import User

from bindings.customers.codes import LONGEST, has_emoji, normalised
from bindings.customers.comparing import as_told, contact_given, differences
from bindings.customers.files import COLUMNS, NEEDED
from bindings.customers.imports import KIND
from bindings.customers.people import by_name, find, vendor_staff
from bindings.customers.tiers import as_known, spellings
from bindings.models import Customer, CustomerImport, CustomerImportRow
from hireops import contacts
from hireops.imports import checking
from hireops.imports.models import LONGEST_GIVEN, RowState
from hireops.imports.problems import note
from hireops.jobs.models import Job
from hireops.jobs.registry import Part
from hireops.spreadsheets.reading import open_table
from hireops.spreadsheets.tables import Line


def parts(job: Job) -> Iterator[Part]:
    batch = KIND.batch(job)
    content, sheet = io.BytesIO(batch.content or b""), checking.sheet_of(batch)
    wanted = checking.needs(COLUMNS, NEEDED)
    lines = checking.lines(batch, partial(open_table, content, batch.file_name, wanted, sheet=sheet))
    row_of, compare = _Reader(batch).row, partial(compare_rows, batch)
    return checking.parts(KIND, job, batch, lines, row_of=row_of, compare=compare)


# --- One row by itself


class _Reader:
    """Knows who there is and which tiers there are, for all rows of one file."""

    def __init__(self, batch: CustomerImport) -> None:
        self.batch = batch
        self.people: dict[int, User] = {person.pk: person for person in vendor_staff()}
        self.names = by_name(self.people.values())
        self.tiers = spellings()

    def row(self, line: Line) -> CustomerImportRow:
        row = CustomerImportRow(
            batch=self.batch,
            line=line.number,
            state=RowState.READY,
            code=line.cell("code"),
            name=line.cell("name"),
            tier=as_known(line.cell("tier"), self.tiers),
            responsible_given=line.cell("responsible"),
            contact_name=line.cell("contact"),
            contact_title=line.cell("title"),
            mobile_given=contacts.with_code(line.cell("country"), line.cell("mobile"))[:LONGEST_GIVEN],
            email_given=line.cell("email"),
            notes=line.cell("notes"),
        )
        self._read(row)
        return row

    def _read(self, row: CustomerImportRow) -> None:
        _read_code(row)
        if has_emoji(row.code + row.tier):
            note(row, "emoji")
        row.mobile = _read_contact(row, row.mobile_given, contacts.read_mobile)
        row.email = _read_contact(row, row.email_given, contacts.read_email)
        if row.responsible_given:
            found = find(row.responsible_given, self.names)
            if len(found) == 1:
                row.responsible = self.people[next(iter(found))]
            else:
                note(row, "several_people" if found else "no_such_person")


def _read_code(row: CustomerImportRow) -> None:
    plain = normalised(row.code)
    row.normalised_code = plain[:LONGEST]
    if not any(character.isalnum() for character in plain):
        note(row, "no_code")
        row.normalised_code = ""
    elif len(plain) > LONGEST:
        note(row, "long_code")


def _read_contact(row: CustomerImportRow, given: str, read: Callable[[str], str]) -> str:
    try:
        return read(given)
    except contacts.UnreadableContactError as bad:
        note(row, bad.key)
        return ""


# --- Against what is there


def compare_rows(batch: CustomerImport, rows: Sequence[CustomerImportRow]) -> None:
    """With the lines before them, then with the customers."""
    codes = {row.normalised_code for row in rows if row.normalised_code}
    lines = _earlier_lines(batch, codes)
    there = Customer.objects.filter(normalised_code__in=codes)
    known = {
        each.normalised_code: each
        for each in there.select_related("responsible").prefetch_related("contacts")
    }
    for row in rows:
        if row.normalised_code in lines:
            note(row, "duplicate_line", line=lines[row.normalised_code])
            continue
        _compare_with_customer(row, known.get(row.normalised_code), update=batch.update_existing)
        if row.state != RowState.INVALID:
            lines[row.normalised_code] = row.line or 0


def _earlier_lines(batch: CustomerImport, codes: set[str]) -> dict[str, int]:
    """Where these codes stood in the parts before: asked of the database, so that memory stays flat."""
    counted = KIND.rows_of(batch, normalised_code__in=codes).exclude(state=RowState.INVALID)
    return {code: line or 0 for code, line in counted.values_list("normalised_code", "line")}


def _compare_with_customer(row: CustomerImportRow, customer: Customer | None, *, update: bool) -> None:
    if customer is None:
        if not row.name:
            note(row, "no_name")
        return
    row.customer = customer
    if customer.archived:
        note(row, "archived", customer=str(customer))
        return
    row.changes = _changes(row, customer)
    if row.state == RowState.READY and not (update and row.changes):
        row.state = RowState.DUPLICATE
        row.problem = "there_already" if row.changes else "nothing_changes"
        row.problem_details = {"customer": str(customer)}


def _changes(row: CustomerImportRow, customer: Customer) -> list[list[str]]:
    changed = [
        [name, as_told(name, getattr(customer, name)), as_told(name, value)]
        for name, value in differences(row, customer).items()
    ]
    contact = contact_given(row, customer.contacts.all())
    return [*changed, ["contact", "", ""]] if contact else changed
