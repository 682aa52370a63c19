"""For the template of every list, ``admin/change_list_results.html``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList
from django.utils.safestring import SafeString

from hireops.desk import columns

register = template.Library()


@register.simple_tag
def columns_of(changelist: ChangeList, headers: Iterable[Mapping[str, Any]]) -> list[columns.Column]:
    return columns.columns_of(changelist, headers)


@register.filter
def in_columns(cells: Iterable[str], of: Sequence[columns.Column]) -> list[SafeString]:
    return columns.row_of(of, cells)
