"""What must be true of customers at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from bindings.customers.codes import normalised
from bindings.models import Customer


def customers_are_found_by_their_code() -> Iterator[str]:
    """Matching compares ``normalised_code``: one that is not that of the code is never found."""
    customers = Customer.objects.values_list("pk", "code", "normalised_code")
    for pk, code, kept in customers.order_by("pk").iterator():
        plain = normalised(code)
        if kept == f"{plain} #{pk}":  # bindings 0017 has found several with one code
            yield f"customer #{pk} shares its code with another one: change that one, then save this one"
        elif kept != plain:
            yield f"customer #{pk} is compared by another code than its own"
