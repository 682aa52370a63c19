"""Whom an order is about, as far as Feishu says (contract 4.10, 5.6)."""

from hireops import contacts
from hireops.feishu.hire.events import Person

NAME_LENGTH, MOBILE_LENGTH, EMAIL_LENGTH = 255, 64, 254


def name_of(person: Person) -> str:
    """The name; the family name and the given name where Feishu gives only these."""
    return (person.name or f"{person.last_name}{person.first_name}").strip()[:NAME_LENGTH]


def mobile_of(person: Person) -> str:
    """As E.164; what is no mobile number stays as it came."""
    given = contacts.with_code(person.mobile_code, person.mobile_number)
    try:
        return contacts.read_mobile(given)
    except contacts.UnreadableContactError:
        return given[:MOBILE_LENGTH]


def email_of(person: Person) -> str:
    """In lower case; what is no address stays as it came."""
    try:
        return contacts.read_email(person.email)
    except contacts.UnreadableContactError:
        return person.email[:EMAIL_LENGTH]
