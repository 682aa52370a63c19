"""How many rows belong to each row of a list, counted no further than a page has use for."""

from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery


class CountedTo(Subquery):
    """``annotate(orders=CountedTo(Order.objects.filter(customer=OuterRef("pk")), 100))``: 100 at the most."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any], most: int) -> None:
        super().__init__(rows.order_by().values("pk")[:most])
