"""Emptying rows of personal data that nobody needs any more. The rows stay, and with them all figures."""

from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from hireops.database import clock

PIECE = 500


class Personal(models.Model):
    """Base of models whose rows are about a person: ``PERSONAL`` are the columns that say who it is.

    By night they are emptied when their time is over, with ``emptied_at``; nothing else may do that where the
    table is guarded.
    """

    PERSONAL: ClassVar[tuple[str, ...]]

    emptied_at = models.DateTimeField(_("personal data removed"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True


def empty(over: QuerySet[Any]) -> int:
    """Empty the rows of ``over``, whose time is over, in many short transactions; how many they were."""
    emptied, after = 0, 0
    while piece := list(over.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:PIECE]):
        after = piece[-1]
        emptied += _empty_piece(over, piece)
    return emptied


def _empty_piece(over: QuerySet[Any], piece: list[int]) -> int:
    """Whoever changes one of them at this moment comes first: it is looked at again when it is locked."""
    model = over.model
    with transaction.atomic():
        list(model.objects.select_for_update().filter(pk__in=piece).order_by("pk").values_list("pk"))
        still_over = list(over.filter(pk__in=piece).values_list("pk", flat=True))
        nothing = dict.fromkeys(model.PERSONAL, "")
        return int(model.objects.filter(pk__in=still_over).update(**nothing, emptied_at=clock.now()))
