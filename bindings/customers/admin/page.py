"""What the page of a customer shows beside the form: accounts, orders, and what was done lately. Other rooms
show what they know in sections of their own (``hireops.desk.sections``).

None of it grows with how much a customer has: counts stop, lists show what is urgent first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import F, Model, OuterRef
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from bindings.models import BackgroundCheck, BindingCode, Customer, CustomerContact, EcoAccount, Exam
from hireops.contacts import mask
from hireops.database import clock
from hireops.database.counting import CountedTo
from hireops.desk.audit import entries_about
from hireops.desk.display import linked, state_badge
from hireops.desk.masking import may_see_personal_data
from hireops.desk.paging import AtLeast, bounded_count
from hireops.desk.staff import Reader
from hireops.desk.states import States

MOST_COUNTED = 1000
ACCOUNTS_SHOWN = 20
CODES_SHOWN = 20
ORDERS_SHOWN = 10
ENTRIES_SHOWN = 10
OPEN = "open"


def shown(customer: Customer, reader: Reader) -> dict[str, Any]:
    """Everything of the customer that this person may see."""
    return {
        "accounts": accounts(customer),
        "account_count": bounded_count(customer.accounts.all(), MOST_COUNTED),
        "accounts_url": _list_of(EcoAccount, customer),
        "orders": [each for model in (BackgroundCheck, Exam) if (each := orders(model, customer, reader))],
        "codes": open_codes(customer, reader),
        "entries": entries_about(customer)[:ENTRIES_SHOWN],
    }


def masked(contacts: list[CustomerContact]) -> list[CustomerContact]:
    """For who has not asked to see them."""
    for contact in contacts:
        contact.name, contact.mobile, contact.email = map(mask, (contact.name, contact.mobile, contact.email))
    return contacts


def accounts(customer: Customer) -> list[EcoAccount]:
    return list(customer.accounts.select_related("tenant").order_by("-pk")[:ACCOUNTS_SHOWN])


def open_codes(customer: Customer, reader: Reader) -> list[BindingCode]:
    """Binding codes that may still be typed, for who may see them."""
    if not reader.has_perm("bindings.view_bindingcode"):
        return []
    unused = customer.binding_codes.filter(used_at=None, revoked_at=None, expires_at__gt=clock.now())
    return list(unused.select_related("issued_by").order_by("expires_at")[:CODES_SHOWN])


# --- Orders


@dataclass(frozen=True, slots=True)
class OpenOrder:
    link: str
    what: str
    state: str
    turn: str
    promised_on: date | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Orders:
    """Of one kind, background checks or exams."""

    title: str
    open: int
    url: str
    counts: Sequence[tuple[States, int, str]]
    first: list[OpenOrder]


def orders(model: type[BackgroundCheck | Exam], customer: Customer, reader: Reader) -> Orders | None:
    """None for who may not see them."""
    options = model._meta  # noqa: SLF001  public API
    if not reader.has_perm(f"{options.app_label}.view_{options.model_name}"):
        return None
    found = _counts(model, customer)
    counted = [
        (state, found[state], _list_of(model, customer, state)) for state in model.State if found[state]
    ]
    first = _open_first(model, customer)
    return Orders(str(options.verbose_name_plural), found[OPEN], _list_of(model, customer), counted, first)


def _counts(model: type[BackgroundCheck | Exam], customer: Customer) -> Mapping[str, int]:
    """How many are open, and how many are in each state; no further than ``MOST_COUNTED``."""
    theirs: Any = model._default_manager.filter(customer=OuterRef("pk"))  # noqa: SLF001  public API
    counts = {state.value: CountedTo(theirs.filter(state=state), MOST_COUNTED + 1) for state in model.State}
    open_ = CountedTo(theirs.filter(ended_at=None), MOST_COUNTED + 1)
    row: Any = Customer.objects.filter(pk=customer.pk).values(**counts, **{OPEN: open_}).get()
    return {name: bounded(count, MOST_COUNTED) for name, count in row.items()}


def bounded(count: int, most: int) -> int:
    return count if count <= most else AtLeast(most)


def _open_first(model: type[BackgroundCheck | Exam], customer: Customer) -> list[OpenOrder]:
    """Those that were promised for the earliest day come first."""
    today = timezone.localdate(clock.now())
    theirs: Any = model._default_manager.filter(customer=customer, ended_at=None)  # noqa: SLF001  public API
    return [
        OpenOrder(
            link=linked(order),
            what=order.package_name if isinstance(order, BackgroundCheck) else order.paper_name,
            state=state_badge(order.State(order.state)),
            turn=order.get_turn_display(),
            promised_on=order.promised_on,
            is_late=order.promised_on is not None and order.promised_on < today,
        )
        for order in theirs.order_by(F("promised_on").asc(nulls_last=True))[:ORDERS_SHOWN]
    ]


def _list_of(model: type[Model], customer: Customer, state: str = "") -> str:
    """The list of the customer's rows; "" as long as there is no such page."""
    options = model._meta  # noqa: SLF001  public API
    try:
        url = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    except NoReverseMatch:
        return ""
    return f"{url}?customer__exact={customer.pk}" + (f"&state__exact={state}" if state else "")


def asks_reason(reader: Reader) -> bool:
    """Whether an export, which has contacts for who may see them, needs one."""
    return settings.PERSONAL_DATA_ASKS_REASON and may_see_personal_data(reader)
