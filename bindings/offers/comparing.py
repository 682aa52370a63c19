"""Whether accounts offer at Feishu what they are to offer: after a change of the catalogue, of offers,
customers, tiers or bindings, whoever made it calls ``compare`` in the same transaction."""

from collections.abc import Iterable

from django.db import transaction

from bindings.models import AccountOffer, EcoAccount
from bindings.offers import readings
from bindings.offers.foreign import MANY_OFFERS
from bindings.offers.plan import Known, Offering, Standing, offering_as_json
from bindings.offers.planning import plan_offer
from bindings.offers.services import AT_ONCE, batched, known_by
from bindings.offers.wishes import wished_by
from hireops.database import bulk
from hireops.database.locks import advisory_lock

State = AccountOffer.State


def compare(accounts: Iterable[EcoAccount]) -> None:
    """Write which of these accounts are out of date. Nothing is sent.

    One that was refused stays so as long as it is to become what was refused.
    """
    with transaction.atomic():
        advisory_lock(MANY_OFFERS)
        for chunk in batched(accounts, AT_ONCE):
            _compare(chunk)


def _compare(accounts: list[EcoAccount]) -> None:
    wishes = wished_by(accounts)
    _make_missing(accounts, wishes)
    locked = AccountOffer.objects.select_for_update(of=("self",)).filter(account__in=accounts)
    offers = list(locked.select_related("account").order_by("pk"))
    known, reading = known_by(offers), readings.current()
    changed = []
    for offer in offers:
        wish = wishes[offer.account_id]
        plan = plan_offer(offer.account.scope, known[offer.pk], wish, reading)
        state = _state(offer, known[offer.pk], wish, is_reached=not (plan.calls or plan.problems))
        outdated = offer.state == State.UPDATING and offer.target != offering_as_json(wish)
        if (state, outdated) != (offer.state, offer.outdated):
            changed.append([offer.pk, state, outdated])
    bulk.update(AccountOffer, ("state", "outdated"), changed)


def _make_missing(accounts: list[EcoAccount], wishes: dict[int, Offering]) -> None:
    wishing = [account.pk for account in accounts if wishes[account.pk]]
    there = set(AccountOffer.objects.filter(account__in=wishing).values_list("account_id", flat=True))
    columns = ("account_id", "state", "version", "outdated", "refusals", "reason")
    rows = ([pk, State.OUT_OF_DATE, 0, False, 0, ""] for pk in wishing if pk not in there)
    bulk.insert_missing(AccountOffer, columns, rows)


def _state(offer: AccountOffer, known: Iterable[Known], wish: Offering, *, is_reached: bool) -> str:
    if offer.state == State.UPDATING:
        return offer.state
    if any(each.standing is Standing.IN_DOUBT for each in known):
        return State.REFUSED if offer.state == State.REFUSED else State.IN_DOUBT
    if is_reached:
        return State.UP_TO_DATE
    if offer.state == State.REFUSED and offer.target == offering_as_json(wish):
        return State.REFUSED
    return State.OUT_OF_DATE
