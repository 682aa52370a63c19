"""Choosing what is offered to whom: from the thing's side, or from that of who is offered it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.customers import tiers as customer_tiers
from bindings.models import Customer, EcoAccount, Offer
from bindings.offers import outdating
from bindings.offers.models import COLUMN, Item
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry

# An account, a customer, or the name of a tier.
Recipient = EcoAccount | Customer | str


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing of the catalogue, and who is offered it."""

    item: Item
    to: Recipient

    @property
    def columns(self) -> dict[str, object]:
        return {COLUMN[type(self.item)]: self.item, **recipient(self.to)}


def recipient(to: Recipient) -> dict[str, object]:
    """The column of ``Offer`` that names it, with its value."""
    if isinstance(to, EcoAccount):
        return {"account": to}
    return {"customer": to} if isinstance(to, Customer) else {"tier": to}


def choose(*, offered: Iterable[Choice], withdrawn: Iterable[Choice], by: User) -> int:
    """Offer the one and withdraw the other; what is so already stays. How many accounts are concerned.

    Nothing is sent: the accounts differ from then on, and are brought up to date by staff. Raises ``Refused``
    for an account that can't have it.
    """
    with transaction.atomic():
        made = [choice for choice in offered if _offer(choice, by)]
        gone = [choice for choice in withdrawn if Offer.objects.filter(**choice.columns).delete()[0]]
        audit.record_all(entry for choice in made for entry in _entries(choice, by, gettext_noop("offered")))
        audit.record_all(
            entry for choice in gone for entry in _entries(choice, by, gettext_noop("no longer offered"))
        )
        concerned = accounts_of([*made, *gone])
        outdating.concern(concerned, by=by)
        return concerned.count()


def _offer(choice: Choice, by: User) -> bool:
    """Whether it was not offered before. Somebody else may offer the same at this moment."""
    if isinstance(choice.to, EcoAccount) and not fits(choice.item, choice.to):
        raise Refused(
            _("%(item)s can't be offered to %(account)s: exam accounts offer papers, the others packages.")
            % {"item": choice.item, "account": choice.to}
        )
    return Offer.objects.get_or_create(**choice.columns, defaults={"created_by": by})[1]


def fits(item: Item, account: EcoAccount) -> bool:
    return account.scope == item.scope


def _entries(choice: Choice, by: User, action: str) -> Iterator[AuditEntry]:
    """One in the history of the thing, and one in that of who is offered it."""
    named = {
        "item": choice.item.code,
        "to": choice.to if isinstance(choice.to, str) else f"{type(choice.to).__name__} #{choice.to.pk}",
    }
    yield audit.entry(by=by, action=action, on=choice.item, **named)
    if not isinstance(choice.to, str):
        yield audit.entry(by=by, action=action, on=choice.to, **named)


def accounts_of(choices: Iterable[Choice]) -> QuerySet[EcoAccount]:
    """Return the accounts that the choices change: of the kind that can have the item."""
    recipients = defaultdict(list)
    for choice in choices:
        recipients[choice.item.scope].append(choice.to)
    wanted = (Q(scope=scope) & _belong_to(listed) for scope, listed in recipients.items())
    return EcoAccount.objects.filter(reduce(or_, wanted, Q(pk__in=[])))


def _belong_to(recipients: Sequence[Recipient]) -> Q:
    return (
        Q(pk__in=[to.pk for to in recipients if isinstance(to, EcoAccount)])
        | Q(customer__in=[to.pk for to in recipients if isinstance(to, Customer)])
        | Q(customer__tier__in=[to for to in recipients if isinstance(to, str)])
    )


def tiers() -> list[str]:
    """Those that customers have, and those that something is offered to."""
    # without an order, whose columns would make every row a different one
    offered = Offer.objects.exclude(tier="").order_by().values_list("tier", flat=True).distinct()
    return sorted({*customer_tiers.known(), *offered})


def notes(to: Recipient, model: type[Item]) -> dict[int, str]:
    """Of what is offered to an account or a customer in another way too, by id: which way."""
    ways: list[tuple[str, Q]] = []
    customer = to if isinstance(to, Customer) else to.customer if isinstance(to, EcoAccount) else None
    if isinstance(to, EcoAccount) and customer:
        ways.append(
            (_("Offered to %(customer)s already") % {"customer": customer.name}, Q(customer=customer))
        )
    if customer and customer.tier:
        ways.append(
            (_("Offered to the tier %(tier)s already") % {"tier": customer.tier}, Q(tier=customer.tier))
        )
    column = COLUMN[model]
    return {
        pk: said
        for said, way in reversed(ways)
        for pk in Offer.objects.filter(way, **{f"{column}__isnull": False}).values_list(column, flat=True)
    }


def items_of_codes(codes: Iterable[str]) -> list[Item]:
    """Of whatever kind."""
    return [item for model in COLUMN for item in model._default_manager.filter(code__in=codes)]  # noqa: SLF001
