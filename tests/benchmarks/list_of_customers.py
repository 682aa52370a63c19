"""The list of customers with 10,000 of them, and the page of one who has ordered half of everything."""

from urllib.parse import urlencode

from tests.benchmarks import lists_of_orders
from tests.benchmarks.filling import multiply

CUSTOMERS = "/admin/bindings/customer/"
SHARE = 1  # as many orders for each customer in the small table; there are at most 10,000 customers
MOST = 10_000


def fill(rows: int) -> None:
    """``rows`` background checks, the half of them of one customer."""
    from django.db.models import F  # noqa: PLC0415 - only in the process that has settings

    from bindings.models import BackgroundCheck, Customer  # noqa: PLC0415

    lists_of_orders.fill_checks(rows)
    example = Customer.objects.create(code="X0", name="客户", tier="VIP")
    others = min(rows // SHARE, MOST)
    multiply(
        example,
        others,
        code="'X' || (100000 + n)",
        normalised_code="'x' || (100000 + n)",
        name="'客户 ' || (100000 + n)",
        tier="'等级 ' || (n % 5)",
    )
    BackgroundCheck.objects.annotate(half=F("pk") % 2).filter(half=0).update(customer=example)


def pages(rows: int) -> dict[str, str]:
    from bindings.models import Customer  # noqa: PLC0415

    queries: dict[str, dict[str, object]] = {
        "first page": {},
        "tier": {"tier": "等级 1"},
        "late orders": {"work": "late"},
        "open orders": {"work": "open"},
        "no account": {"work": "unbound"},
        "search: code": {"q": "x100077"},
        "search: name": {"q": "户 100077"},
        "search: nothing like it": {"q": "nothing-like-it"},
    }
    lists = {name: f"{CUSTOMERS}?{urlencode(query)}" for name, query in queries.items()}
    usual, big = Customer.objects.get(code="X100007"), Customer.objects.get(code="X0")
    return {
        **lists,
        "a customer": f"{CUSTOMERS}{usual.pk}/change/",
        "who has ordered half": f"{CUSTOMERS}{big.pk}/change/",
    }
