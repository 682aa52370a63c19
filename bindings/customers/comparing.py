"""What a row of a file says of a customer that is there. An empty cell says nothing."""

from collections.abc import Iterable
from typing import Any

from bindings.models import Customer, CustomerContact, CustomerImportRow
from hireops.desk.staff import name_and_login


def differences(row: CustomerImportRow, customer: Customer) -> dict[str, Any]:
    """The columns that become other ones, with their new values."""
    given = {"name": row.name, "tier": row.tier, "responsible": row.responsible, "notes": row.notes}
    return {name: value for name, value in given.items() if value and value != getattr(customer, name)}


def contact_given(row: CustomerImportRow, there: Iterable[CustomerContact]) -> CustomerContact | None:
    """The contact that has to be written: a new one, or one of those there with what is new about it.

    It is recognised by its number, else its address, else its name. None if there is nothing to write.
    """
    given = {"name": row.contact_name, "title": row.contact_title, "mobile": row.mobile, "email": row.email}
    given = {name: value for name, value in given.items() if value}
    contact = _recognised(given, list(there)) or CustomerContact()
    changed = {name: value for name, value in given.items() if value != getattr(contact, name)}
    if not changed or not (contact.pk or given.keys() - {"title"}):
        return None
    for name, value in changed.items():
        setattr(contact, name, value)
    return contact


def _recognised(given: dict[str, str], there: list[CustomerContact]) -> CustomerContact | None:
    for name in ("mobile", "email", "name"):
        for contact in there:
            if name in given and getattr(contact, name) == given[name]:
                return contact
    return None


def as_told(name: str, value: Any) -> str:
    """A value as pages and the audit name it. Notes may be about people: that they change is enough."""
    if name == "notes" or value is None:
        return ""
    return name_and_login(value) if name == "responsible" else str(value)
