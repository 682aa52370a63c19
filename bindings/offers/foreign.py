"""IDs that orders and exams name, and that hireops has never put there: kept as not ours, and shown."""

from collections.abc import Iterable

from bindings.models import AccountOffer, EcoAccount, OfferedItem
from bindings.offers.plan import Kind, Standing
from hireops.database import bulk, clock
from hireops.database.locks import advisory_lock

LONGEST = 255
# Taken before the offers of many accounts are locked, or two transactions could wait for each other.
MANY_OFFERS = "offers are compared"
NEW_OFFER = ("account_id", "state", "version", "outdated", "refusals", "reason")
NEW_ITEM = (
    "offer_id",
    "kind",
    "feishu_id",
    "code",
    "standing",
    "doubt",
    "creates_together",
    "together",
    "updated_at",
)


def note(named: Iterable[tuple[EcoAccount, Kind, str]]) -> None:
    """In the transaction that keeps the orders which name them; one query where all are known."""
    seen = {(account.pk, kind, each) for account, kind, each in named if 0 < len(each) <= LONGEST}
    accounts, ids = {pk for pk, _kind, _id in seen}, {each for _pk, _kind, each in seen}
    items = OfferedItem.objects.filter(offer__account__in=accounts, feishu_id__in=ids)
    known = set(items.values_list("offer__account_id", "kind", "feishu_id"))
    if missing := sorted(seen - known):
        _keep(missing)


def _keep(missing: Iterable[tuple[int, Kind, str]]) -> None:
    accounts = sorted({account for account, _kind, _id in missing})
    advisory_lock(MANY_OFFERS)
    # Nothing is wished for an account that has no row yet.
    new = ([account, AccountOffer.State.UP_TO_DATE, 0, False, 0, ""] for account in accounts)
    bulk.insert_missing(AccountOffer, NEW_OFFER, new)
    locked = AccountOffer.objects.select_for_update(of=("self",)).filter(account__in=accounts).order_by("pk")
    offers = {offer.account_id: offer.pk for offer in locked}
    now = clock.now()
    rows = (
        [offers[account], kind, each, "", Standing.FOREIGN, "", 0, 0, now] for account, kind, each in missing
    )
    bulk.insert_missing(OfferedItem, NEW_ITEM, rows)
