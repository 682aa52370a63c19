"""What must be true of files about orders at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db.models import F, Q

from bindings.models import OrderFileRow
from hireops.imports.models import RowState


def lines_told_what_they_say() -> Iterator[str]:
    """A line that was applied has one message, about the order that it names; no other line has one."""
    of_the_check = Q(check_update__background_check=F("background_check"), exam_update=None)
    of_the_exam = Q(exam_update__exam=F("exam"), check_update=None)
    applied = OrderFileRow.objects.filter(state=RowState.APPLIED)
    for row in applied.exclude(of_the_check | of_the_exam).only("pk").iterator():
        yield f"line #{row.pk} of a file told something of another order"
    told = Q(check_update__isnull=False) | Q(exam_update__isnull=False)
    for row in OrderFileRow.objects.filter(told).exclude(state=RowState.APPLIED).only("pk").iterator():
        yield f"line #{row.pk} of a file told something and is not applied"
