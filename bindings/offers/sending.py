"""Carrying out what somebody has confirmed for an account: one call after the other, each planned when the
one before has been answered.

Whoever calls one of these has locked the ``AccountOffer``. Calls about one account are of one lane, and at
most one of them is to be sent; what the account is to become stays in ``target`` until that has been reached,
or nothing helps any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from bindings.models import AccountOffer, EcoAccount, OfferCall, OfferedItem, OfferRunAccount
from bindings.offers import outcomes
from bindings.offers.plan import (
    Content,
    Doubt,
    Kind,
    Known,
    Package,
    Paper,
    PlannedCall,
    Reading,
    Sent,
    Standing,
    Verb,
    as_json,
    content_of,
)
from bindings.offers.planning import plan_offer
from bindings.offers.texts import Reason
from hireops.database import bulk, clock
from hireops.doorbell import ring
from hireops.feishu.tenants import call_tenant
from hireops.jobs.tasks import work
from hireops.outbox import services as outbox
from hireops.outbox.models import Attempt, Call

State = AccountOffer.State
OPERATIONS = {
    Verb.CREATE: "eco_background_check_package.create",
    Verb.UPDATE: "eco_background_check_package.batch_update",
    Verb.DELETE: "eco_background_check_package.batch_delete",
    Verb.REPLACE_PAPERS: "eco_exam_paper.create",
    Verb.UPDATE_PAPERS: "eco_exam_paper.batch_update",
    Verb.DELETE_PAPERS: "eco_exam_paper.batch_delete",
}
_WRITTEN = ("code", "content", "standing", "doubt", "creates_together", "together", "updated_at")


def target_of(account: EcoAccount) -> str:
    """Calls about the offer of one account leave one at a time."""
    return f"offer:{account.account_id}"


def lock(offer_pk: int) -> AccountOffer:
    offers = AccountOffer.objects.select_for_update(of=("self",))
    return offers.select_related("account__tenant", "asked_by").get(pk=offer_pk)


def known_of(offer: AccountOffer) -> tuple[Known, ...]:
    return tuple(item.as_known() for item in offer.items.order_by("pk"))


def has_open_call(offer: AccountOffer) -> bool:
    return offer.calls.filter(call__state=Call.State.PENDING).exists()


# --- Going on


def advance(offer: AccountOffer, known: Sequence[Known], reading: Reading) -> None:
    """Owe the next call towards ``target``, or end because it is reached or can't be."""
    assert offer.wanted is not None  # noqa: S101 - whoever begins has set it
    plan = plan_offer(offer.account.scope, known, offer.wanted, reading)
    if plan.problems:
        stop(offer, Reason.PROBLEM)
    elif not plan.calls:
        finish(offer)
    elif offer.refusals > outcomes.most_refusals(known):
        stop(offer, Reason.REFUSED_AGAIN_AND_AGAIN, error_code=offer.error_code)
    else:
        owe(offer, known, plan.calls[0])


def owe(offer: AccountOffer, known: Sequence[Known], planned: PlannedCall) -> OfferCall:
    """From here on what the call names is in doubt."""
    account = offer.account
    call = outbox.enqueue(
        operation=OPERATIONS[planned.verb],
        target=target_of(account),
        payload={"account_id": account.account_id, **payload_of(planned)},
        tenant=call_tenant(account.tenant),
        by=offer.asked_by,
    )
    touched = outcomes.begun(known, planned)
    names = {(each.kind, each.id) for each in planned.sent} | _differing(known, touched)
    kept = OfferCall(
        offer=offer,
        call=call,
        verb=planned.verb,
        sent=[_sent_as_json(each) for each in planned.sent],
        before=[known_as_json(each) for each in known if (each.kind, each.id) in names],
    )
    kept.save()
    keep(offer, known, touched, at=call.created_at)
    offer.state = State.UPDATING
    offer.version += 1
    offer.save()
    return kept


def finish(offer: AccountOffer) -> None:
    offer.state = State.OUT_OF_DATE if offer.outdated else State.UP_TO_DATE
    offer.target, offer.outdated, offer.refusals = None, False, 0
    offer.reason, offer.error_code = "", None
    offer.version += 1
    offer.save()
    _end_in_run(offer, OfferRunAccount.State.DONE)


def stop(offer: AccountOffer, reason: Reason, *, error_code: int | None = None) -> None:
    """Trying again by itself helps nothing; the account's page says why."""
    offer.state, offer.outdated = State.REFUSED, False
    offer.reason, offer.error_code, offer.refusals = reason, error_code, 0
    offer.version += 1
    offer.save()
    _end_in_run(offer, OfferRunAccount.State.REFUSED)


def leave_in_doubt(offer: AccountOffer) -> None:
    """Its call waits for a person, and nothing is sent by itself."""
    AccountOffer.objects.filter(pk=offer.pk).update(state=State.IN_DOUBT, version=F("version") + 1)
    _end_in_run(offer, OfferRunAccount.State.IN_DOUBT)


def forget_if_unsent(offer: AccountOffer, kept: OfferCall) -> None:
    """Of a call that has ended without an answer: if no request can have landed, all is as it was."""
    if kept.call.attempts.filter(Attempt.MAY_HAVE_LANDED).exists():
        return
    known = known_of(offer)
    before = [known_from_json(each) for each in kept.before]
    keep(offer, known, outcomes.undone(known, before, kept.as_planned()), at=clock.now())


def _end_in_run(offer: AccountOffer, state: OfferRunAccount.State) -> None:
    under_way = OfferRunAccount.objects.filter(offer=offer, state=OfferRunAccount.State.UNDER_WAY)
    if under_way.update(state=state):
        transaction.on_commit(partial(ring, work))  # the next account of its run may begin


def begin(
    offer: AccountOffer, known: Sequence[Known], target: dict[str, Any], reading: Reading, *, by: User
) -> None:
    """``advance`` towards what somebody has confirmed."""
    offer.target, offer.asked_by, offer.outdated = target, by, False
    offer.refusals, offer.reason, offer.error_code = 0, "", None
    advance(offer, known, reading)


# --- What is kept


def keep(offer: AccountOffer, before: Sequence[Known], after: Sequence[Known], *, at: datetime) -> None:
    """Write what differs."""
    differing = _differing(before, after)
    changed = [each for each in after if (each.kind, each.id) in differing]
    bulk.insert(
        OfferedItem,
        ("offer_id", "kind", "feishu_id", *_WRITTEN),
        ([offer.pk, each.kind, each.id, *_values(each, at)] for each in changed if not each.row),
    )
    bulk.update(OfferedItem, _WRITTEN, ([each.row, *_values(each, at)] for each in changed if each.row))


def _differing(before: Iterable[Known], after: Iterable[Known]) -> set[tuple[Kind, str]]:
    known = {(each.kind, each.id): each for each in before}
    return {(each.kind, each.id) for each in after if known.get((each.kind, each.id)) != each}


def _values(known: Known, at: datetime) -> list[Any]:
    return [
        known.code,
        as_json(known.content),
        known.standing,
        known.doubt,
        known.creates_together,
        known.together,
        at,
    ]


def known_as_json(known: Known) -> dict[str, Any]:
    values = {**asdict(known), "content": as_json(known.content)}
    del values["row"]
    return values


def known_from_json(values: dict[str, Any]) -> Known:
    kind = Kind(values["kind"])
    return Known(
        **{
            **values,
            "kind": kind,
            "standing": Standing(values["standing"]),
            "doubt": Doubt(values["doubt"]),
            "content": content_of(kind, values["content"]),
        }
    )


def _sent_as_json(sent: Sent) -> dict[str, Any]:
    return {"kind": sent.kind, "id": sent.id, "code": sent.code, "content": as_json(sent.content)}


# --- What Feishu gets


def payload_of(planned: PlannedCall) -> dict[str, Any]:
    """All but the account. A description is always sent, also an empty one (contract 4.5)."""
    packages, items, papers = (planned.of(kind) for kind in Kind)
    match planned.verb:
        case Verb.CREATE | Verb.UPDATE:
            listed = {"package_list": [_package(each.content) for each in packages]}
            return listed | (
                {"additional_item_list": [_package(each.content) for each in items]} if items else {}
            )
        case Verb.DELETE:
            named = {"package_id_list": packages, "additional_item_id_list": items}
            return {name: [each.id for each in sent] for name, sent in named.items() if sent}
        case Verb.DELETE_PAPERS:
            return {"paper_id_list": [each.id for each in papers]}
        case _:
            return {"paper_list": [_paper(each.content) for each in papers]}


def _package(content: Content | None) -> dict[str, str]:
    assert isinstance(content, Package)  # noqa: S101 - by its kind
    return {"id": content.id, "name": content.name, "description": content.description}


def _paper(content: Content | None) -> dict[str, Any]:
    assert isinstance(content, Paper)  # noqa: S101 - by its kind
    return {name: value for name, value in asdict(content).items() if value is not None}
