"""Keeping customers: every write but that of an import, which asks the same rules (``import_applying``)."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.customers import changes
from bindings.customers.codes import LONGEST, has_emoji, normalised
from bindings.customers.comparing import as_told
from bindings.customers.tiers import as_known
from bindings.models import Customer, CustomerContact
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused

# What staff write of a customer, and of a contact.
WRITTEN = ["code", "name", "tier", "responsible", "notes"]
CONTACT = ["name", "title", "mobile", "email"]

# --- Customers


def create_customer(*, customer: Customer, by: User) -> Customer:
    """Write a new customer. Raises ``Refused`` for a code that another one has."""
    with transaction.atomic():
        customer.tier = as_known(customer.tier)
        refuse_emoji(customer.tier)
        refuse_code(customer)
        _save(customer, force_insert=True)
        values = {
            name: ["", as_told(name, getattr(customer, name))] for name in WRITTEN if getattr(customer, name)
        }
        audit.record(by=by, action=gettext_noop("customer added"), on=customer, changes=values)
    return customer


def change_customer(customer: Customer, *, values: Mapping[str, Any], by: User) -> Customer:
    """Change what ``values`` names, and nothing else: the rest stays as it is now, whoever wrote it.

    Raises ``Refused`` for a code that another customer has.
    """
    with transaction.atomic():
        now = locked(customer)
        wanted = {name: as_known(value) if name == "tier" else value for name, value in values.items()}
        new = {name: value for name, value in wanted.items() if value != getattr(now, name)}
        if not new:
            return now
        refuse_emoji(new.get("tier", ""))
        told = {name: [as_told(name, getattr(now, name)), as_told(name, new[name])] for name in new}
        for name, value in new.items():
            setattr(now, name, value)
        refuse_code(now)
        now.updated_at = clock.now()
        _save(now)
        audit.record(by=by, action=gettext_noop("customer changed"), on=now, changes=told)
        if "tier" in new:
            changes.tell([now])
    return now


def archive(customer: Customer, *, by: User, reason: str = "") -> Customer:
    """No account can be bound to it any more; its accounts, orders and history stay."""
    return _set_archived(customer, gettext_noop("customer archived"), archived=True, by=by, reason=reason)


def restore(customer: Customer, *, by: User, reason: str = "") -> Customer:
    """The inverse of ``archive``."""
    return _set_archived(customer, gettext_noop("customer restored"), archived=False, by=by, reason=reason)


def _set_archived(customer: Customer, action: str, *, archived: bool, by: User, reason: str) -> Customer:
    with transaction.atomic():
        now = locked(customer)
        if now.archived == archived:
            raise Refused(
                _("%(customer)s is archived already.") % {"customer": now}
                if archived
                else _("%(customer)s is not archived.") % {"customer": now}
            )
        now.archived, now.updated_at = archived, clock.now()
        now.save(update_fields=["archived", "updated_at"])
        audit.record(by=by, action=action, on=now, reason=reason)
        changes.tell([now])
    return now


def locked(customer: Customer) -> Customer:
    """The customer as it is now, which may not be what the person's page was made from."""
    rows = Customer.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("responsible").get(pk=customer.pk)


def code_problem(code: str, *, of: Customer | None = None) -> str:
    """Why a customer can't have this code, "" if it can: somebody else has it, or it says nothing."""
    plain = normalised(code)
    if not plain or len(plain) > LONGEST:
        return _("This is no code that can be compared. Use letters and digits.")
    if has_emoji(code):
        return emoji_refused()
    other = Customer.objects.filter(normalised_code=plain).first()
    if other and other != of:
        return code_taken(other)
    return ""


def emoji_refused() -> str:
    return _("Codes and tiers can't have emoji.")


def refuse_emoji(tier: str) -> None:
    if has_emoji(tier):
        raise Refused(emoji_refused())


def code_taken(other: Customer) -> str:
    if other.archived:
        text = _("The archived customer %(customer)s has this code. Restore it, or use another code.")
    else:
        text = _(
            "%(customer)s has this code already. Codes that differ only in spaces, width or case are one."
        )
    return text % {"customer": other}


def refuse_code(customer: Customer) -> None:
    if problem := code_problem(customer.code, of=customer):
        raise Refused(problem)


def _save(customer: Customer, **how: Any) -> None:
    try:
        with transaction.atomic():
            customer.save(**how)
    except IntegrityError as error:  # somebody else was faster by a moment
        refuse_code(customer)
        raise error from None


# --- Contacts


def save_contact(contact: CustomerContact, *, by: User) -> CustomerContact:
    """Write a contact, new or changed. The audit says which of its columns, never their values."""
    with transaction.atomic():
        locked(contact.customer)
        before = CustomerContact.objects.filter(pk=contact.pk).first() if contact.pk else None
        changed = [name for name in CONTACT if getattr(before, name, "") != getattr(contact, name)]
        if changed:
            contact.save()
            action = gettext_noop("contact changed") if before else gettext_noop("contact added")
            audit.record(by=by, action=action, on=contact.customer, contact=contact.pk, changed=changed)
    return contact


def delete_contact(contact: CustomerContact, *, by: User) -> None:
    with transaction.atomic():
        locked(contact.customer)
        action = gettext_noop("contact deleted")
        audit.record(by=by, action=action, on=contact.customer, contact=contact.pk)
        contact.delete()
