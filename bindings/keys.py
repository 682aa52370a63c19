"""Keys and codes that Feishu knows: two that differ only in upper and lower case confuse everybody."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _


def refuse_other_case(row: Model, column: str, among: QuerySet[Any]) -> None:
    """Raise ``ValidationError`` for a new value of ``column`` that another row writes in another case.

    Pairs of before stay: nobody can change a key that Feishu knows.
    """
    value: str = getattr(row, column)
    if row.pk and among.filter(pk=row.pk, **{column: value}).exists():
        return
    others = among.exclude(pk=row.pk).exclude(**{column: value})
    if other := others.filter(**{f"{column}__iexact": value}).values_list(column, flat=True).first():
        raise ValidationError({column: in_other_case(other)})


def in_other_case(other: str) -> str:
    return _("There is “%(key)s” already. Use one that differs in more than upper and lower case.") % {
        "key": other
    }
