"""The rows of a confirmed file of customers take effect: by the rules of ``services``, hundreds at a time."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_noop

from bindings.customers import changes
from bindings.customers.codes import normalised
from bindings.customers.comparing import as_told, contact_given, differences
from bindings.customers.imports import KIND
from bindings.customers.tiers import as_known, spellings
from bindings.models import Customer, CustomerContact, CustomerImport, CustomerImportRow
from hireops.database import bulk, clock
from hireops.desk import audit
from hireops.imports.applying import apply_next
from hireops.imports.models import RowState
from hireops.imports.problems import note
from hireops.jobs.registry import repeated

CHANGED = ["name", "tier", "responsible", "notes", "updated_at"]


def apply(batch: CustomerImport, rows: Sequence[CustomerImportRow]) -> None:
    """Somebody may have added, changed or archived one of these customers since the file was checked."""
    for row in rows:
        row.normalised_code = normalised(row.code)  # a release before may have checked them
    there = _locked({row.normalised_code for row in rows})
    prefetch_related_objects(rows, "responsible")
    new: dict[str, CustomerImportRow] = {}
    known = []
    tiers = spellings()
    for row in rows:
        customer = there.get(row.normalised_code)
        row.tier = as_known(row.tier, tiers)
        if row.normalised_code in new:
            note(row, "duplicate_line", line=new[row.normalised_code].line)
        elif customer is None and row.name:
            new[row.normalised_code] = row
        elif customer is None:
            note(row, "no_name")
        elif customer.archived:
            note(row, "archived", customer=str(customer))
        elif not batch.update_existing:
            note(row, "there_already", customer=str(customer))
        else:
            known.append((row, customer))
    _add(batch, list(new.values()))
    _change(batch, known)


apply_parts = repeated(partial(apply_next, KIND, apply, also=["customer", "tier"]))


def _locked(codes: set[str]) -> dict[str, Customer]:
    rows = Customer.objects.select_for_update(of=("self",), no_key=True)
    there = rows.filter(normalised_code__in=codes).order_by("pk")
    return {
        each.normalised_code: each
        for each in there.select_related("responsible").prefetch_related("contacts")
    }


def _add(batch: CustomerImport, rows: Sequence[CustomerImportRow]) -> None:
    added = Customer.objects.bulk_create(
        Customer(
            code=row.code,
            normalised_code=row.normalised_code,
            name=row.name,
            tier=row.tier,
            responsible_id=row.responsible_id,
            notes=row.notes,
        )
        for row in rows
    )
    contacts = []
    for row, customer in zip(rows, added, strict=True):
        row.customer, row.state = customer, RowState.APPLIED
        if contact := contact_given(row, ()):
            contact.customer = customer
            contacts.append(contact)
    CustomerContact.objects.bulk_create(contacts)
    action, by = gettext_noop("customer added"), batch.confirmed_by
    audit.record_all(audit.entry(by=by, action=action, on=each, file=batch.pk) for each in added)


def _values(customer: Customer) -> list[Any]:
    person, now = customer.responsible_id, customer.updated_at
    return [customer.pk, customer.name, customer.tier, person, customer.notes, now]


def _change(batch: CustomerImport, known: Sequence[tuple[CustomerImportRow, Customer]]) -> None:
    moved, entries, now = [], [], clock.now()
    for row, customer in known:
        row.state = RowState.APPLIED
        row.customer = customer
        new = differences(row, customer)
        contact = contact_given(row, customer.contacts.all())
        told = {name: [as_told(name, getattr(customer, name)), as_told(name, new[name])] for name in new}
        for name, value in new.items():
            setattr(customer, name, value)
        customer.updated_at = now
        if contact:
            contact.customer = customer
            contact.save()
            told["contact"] = ["", ""]
        if "tier" in new:
            moved.append(customer)
        action = gettext_noop("customer changed")
        entries.append(
            audit.entry(by=batch.confirmed_by, action=action, on=customer, changes=told, file=batch.pk)
        )
    bulk.update(Customer, CHANGED, (_values(customer) for _row, customer in known))
    audit.record_all(entries)
    changes.tell(moved)
