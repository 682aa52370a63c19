"""What each account is to offer: all that it, its customer and its customer's tier are offered."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet

from bindings.models import (
    AdditionalItem,
    CheckPackage,
    Customer,
    EcoAccount,
    ExamPaper,
    Offer,
    Scope,
)
from bindings.offers.models import Item
from bindings.offers.plan import Offering

# Of more accounts than these all offers are read, rather than named one by one in the query.
MOST_NAMED = 500


def wished(account: EcoAccount) -> Offering:
    """What this account is to offer."""
    return wished_by([account])[account.pk]


def wished_by(accounts: Iterable[EcoAccount]) -> dict[int, Offering]:
    """What each account is to offer, by its id: two queries for any number of them."""
    asked = list(accounts)
    tiers = _tiers(asked)
    to_account: dict[int | None, list[Item]] = defaultdict(list)
    to_customer: dict[int | None, list[Item]] = defaultdict(list)
    to_tier: dict[str, list[Item]] = defaultdict(list)
    for offer in _offers(asked, tiers):
        if offer.account_id is not None:
            to_account[offer.account_id].append(offer.offered)
        elif offer.customer_id is not None:
            to_customer[offer.customer_id].append(offer.offered)
        else:
            to_tier[offer.tier].append(offer.offered)
    return {
        account.pk: offering(
            account.scope,
            to_account[account.pk]
            + to_customer[account.customer_id]
            + to_tier[tiers.get(account.customer_id, "")],
        )
        for account in asked
    }


def offering(scope: int | None, offered: Iterable[Item]) -> Offering:
    """Of what is ``offered``, what an account of this scope can offer: nothing archived, each once."""
    items = sorted((each for each in offered if not each.archived), key=lambda each: (each.name, each.code))
    if scope == Scope.BACKGROUND_CHECK:
        return Offering(
            packages={each.code: each.as_planned() for each in items if isinstance(each, CheckPackage)},
            items={each.code: each.as_planned() for each in items if isinstance(each, AdditionalItem)},
        )
    if scope == Scope.EXAM:
        return Offering(
            papers={each.code: each.as_planned() for each in items if isinstance(each, ExamPaper)}
        )
    return Offering()


def _tiers(accounts: Sequence[EcoAccount]) -> dict[int | None, str]:
    """The tier of each customer that has one."""
    customers = {account.customer_id for account in accounts if account.customer_id is not None}
    tiered = Customer.objects.exclude(tier="")
    if len(customers) <= MOST_NAMED:
        tiered = tiered.filter(pk__in=customers)
    return {pk: tier for pk, tier in tiered.values_list("pk", "tier") if pk in customers}


def _offers(accounts: Sequence[EcoAccount], tiers: dict[int | None, str]) -> QuerySet[Offer]:
    offers = Offer.objects.select_related("package", "item", "paper")
    if len(accounts) > MOST_NAMED:
        return offers
    return offers.filter(
        Q(account__in=[account.pk for account in accounts])
        | Q(customer__in={account.customer_id for account in accounts if account.customer_id is not None})
        | Q(tier__in=set(tiers.values()))
    )


def accounts_offered(item: Item) -> QuerySet[EcoAccount]:
    """The accounts that the item is offered to, by whatever way, also while it is archived."""
    offers = item.offers.all()
    return EcoAccount.objects.filter(
        Q(pk__in=offers.filter(account__isnull=False).values("account"))
        | Q(customer__in=offers.filter(customer__isnull=False).values("customer"))
        | Q(customer__tier__in=offers.exclude(tier="").values("tier")),
        scope=item.scope,
    )
