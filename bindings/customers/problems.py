"""What is wrong with a row of a file of customers, and what it would change, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.models import CustomerImportRow
from hireops import contacts
from hireops.imports.problems import in_words

PROBLEMS = {
    **contacts.EXPLANATIONS,
    "no_code": gettext_lazy("The customer code is missing, or has no letter or digit."),
    "long_code": gettext_lazy("The customer code is too long to be compared with others."),
    "emoji": gettext_lazy("Codes and tiers can't have emoji."),
    "no_name": gettext_lazy("The customer name is missing. A new customer needs one."),
    "no_such_person": gettext_lazy(
        "Nobody of our staff is called like the person responsible. Write the user name or the full name, or "
        "leave the cell empty."
    ),
    "several_people": gettext_lazy(
        "Several of our staff are called like the person responsible. Write the user name instead."
    ),
    "duplicate_line": gettext_lazy("Line %(line)s has the same customer code."),
    "archived": gettext_lazy(
        "The archived customer %(customer)s has this code. Restore it first, or use another code."
    ),
    "there_already": gettext_lazy(
        "%(customer)s has this code already and stays as it is. To change it, upload the file again and "
        "choose to update customers."
    ),
    "nothing_changes": gettext_lazy("%(customer)s is there already, just as in the file."),
}


def problem_in_words(row: CustomerImportRow) -> str:
    """What is wrong and what to do; of a customer that is there already also what would change."""
    told = in_words(row, PROBLEMS)
    if row.changes and row.problem == "there_already":
        told += " " + _("This would change: %(changes)s") % {"changes": changes_in_words(row)}
    return told


def changes_in_words(row: CustomerImportRow) -> str:
    """``Tier: A → B; contact``"""
    names = {
        "name": _("name"),
        "tier": _("tier"),
        "responsible": _("responsible"),
        "notes": _("notes"),
        "contact": _("contact person"),
    }
    told = []
    for column, before, after in row.changes:
        pair = f": {before or '–'} → {after or '–'}" if before or after else ""
        told.append(f"{names.get(column, column)}{pair}")
    return "; ".join(told)
