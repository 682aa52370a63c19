"""What we ask of Feishu about offers (contract 4.4 to 4.6, 5.1 to 5.3), and what its answer changes."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from bindings.models import AccountOffer, OfferCall, OfferedItem
from bindings.offers import outcomes, readings, sending
from bindings.offers.plan import Kind, Known, PlannedCall, Reading, Standing, Verb
from bindings.offers.sending import OPERATIONS
from bindings.offers.texts import Reason
from hireops.database import clock
from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.codes import CATCH_ALL_CODES
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError, Outcome
from hireops.outbox.models import Call
from hireops.outbox.registry import Found, Operation, Resolution, register
from hireops.outbox.try_errors import TenantGoneError

NOT_FOUND_IN_ACCOUNT = 1002859
# These may be about a single ID; whatever else Feishu refuses for is the same for all of them.
ABOUT_AN_ID = CATCH_ALL_CODES | {NOT_FOUND_IN_ACCOUNT}
# The catch-all is also the system error: the second time in a row it is taken for a refusal.
REFUSED_AFTER = 2


def apply_answer(call: Call, _answer: Answer) -> None:
    """What was sent is confirmed; then comes the next call."""
    kept, offer = _locked(call)
    known, planned = sending.known_of(offer), kept.as_planned()
    after, at = outcomes.answered(known, planned), clock.now()
    sending.keep(offer, known, after, at=at)
    offer.refusals, offer.error_code, offer.confirmed_at = 0, None, at
    _go_on(offer, after, _learn(planned, done=True))


def apply_refusal(call: Call, error: FeishuError) -> None:
    """Feishu has not done it as a whole. What that says of the IDs decides the next call."""
    kept, offer = _locked(call)
    known, planned = sending.known_of(offer), kept.as_planned()
    before = [sending.known_from_json(each) for each in kept.before]
    if error.code not in ABOUT_AN_ID:
        sending.forget_if_unsent(offer, kept)
        gone = isinstance(error, TenantGoneError)
        sending.stop(offer, Reason.TENANT_GONE if gone else Reason.REFUSED, error_code=error.code)
        return
    after, reading = outcomes.refused(known, before, planned), _learn(planned, done=False)
    if after is None:
        sending.stop(offer, Reason.REFUSED, error_code=error.code)
        return
    sending.keep(offer, known, after, at=clock.now())
    offer.refusals += planned.verb is not Verb.DELETE  # each of those settles something in the end
    offer.error_code = error.code
    _go_on(offer, after, reading)


def apply_doubt(call: Call, _error: Exception) -> None:
    """The account says so. Whoever has it at this moment is not waited for; the next try tells it again."""
    kept = OfferCall.objects.filter(call=call).values_list("offer_id", flat=True)
    free = AccountOffer.objects.select_for_update(skip_locked=True, of=("self",))
    offer = free.filter(pk__in=kept, state=AccountOffer.State.UPDATING).first()
    if offer is not None:
        offer.state = AccountOffer.State.IN_DOUBT
        offer.save(update_fields=["state"])


def _locked(call: Call) -> tuple[OfferCall, AccountOffer]:
    """What was kept of the call, and its offer, which is locked."""
    calls = OfferCall.objects.select_for_update(of=("offer",))
    kept = calls.select_related("offer__account__tenant", "offer__asked_by").get(call=call)
    return kept, kept.offer


def _go_on(offer: AccountOffer, known: tuple[Known, ...], reading: Reading) -> None:
    if offer.state in {AccountOffer.State.UPDATING, AccountOffer.State.IN_DOUBT}:  # nobody has stopped it
        sending.advance(offer, known, reading)


def _learn(planned: PlannedCall, *, done: bool) -> Reading:
    """What is known now of what the documents leave open."""
    reading = readings.current()
    learnt = outcomes.learnt(reading, planned, done=done)
    if learnt != reading:
        readings.remember(learnt)
    return learnt


# --- A create without an answer


def find_out(call: Call) -> Resolution:
    """An update with the same content: Feishu takes it exactly if all of it is there (contract 4.5)."""
    for is_last in (False, True):
        try:
            answer = hire.batch_update_eco_background_check_package(call.tenant_key, **_with_a_package(call))
        except FeishuError as error:
            if error.outcome is not Outcome.REFUSED or error.code not in CATCH_ALL_CODES:
                raise
            if is_last:
                return Resolution(found=Found.NOT_DONE)
        else:
            return Resolution(found=Found.DONE, answer=answer)
    raise AssertionError  # the last of them returns


def _with_a_package(call: Call) -> dict[str, Any]:
    """An update names a package, also where only items are asked about."""
    payload: dict[str, Any] = dict(call.payload)
    if payload["package_list"]:
        return payload
    there = OfferedItem.objects.filter(
        offer__calls__call=call, kind=Kind.PACKAGE, standing=Standing.CONFIRMED
    )
    payload["package_list"] = list(there.values_list("content", flat=True)[:1])
    return payload


KEPT_BY_APP = _(
    "hireops sends this again by itself, or in another way, until the account offers what it is to offer. "
    "Whatever there is to decide is on the page of the account."
)

LABELS = {
    Verb.CREATE: _("Create packages and items"),
    Verb.UPDATE: _("Update packages and items"),
    Verb.DELETE: _("Delete packages and items"),
    Verb.REPLACE_PAPERS: _("Replace the papers"),
    Verb.UPDATE_PAPERS: _("Update papers"),
    Verb.DELETE_PAPERS: _("Delete papers"),
}
SEND: dict[Verb, Callable[..., Answer]] = {
    Verb.CREATE: hire.create_eco_background_check_package,
    Verb.UPDATE: hire.batch_update_eco_background_check_package,
    Verb.DELETE: hire.batch_delete_eco_background_check_package,
    Verb.REPLACE_PAPERS: hire.create_eco_exam_paper,
    Verb.UPDATE_PAPERS: hire.batch_update_eco_exam_paper,
    Verb.DELETE_PAPERS: hire.batch_delete_eco_exam_paper,
}

for verb, name in OPERATIONS.items():
    register(
        Operation(
            name=name,
            label=LABELS[verb],
            send=SEND[verb],
            endpoint=ENDPOINTS[name],
            refused_after=REFUSED_AFTER,
            resolve=find_out if verb is Verb.CREATE else None,
            on_answer=apply_answer,
            on_refusal=apply_refusal,
            on_doubt=apply_doubt,
            kept_by_app=KEPT_BY_APP,
            permission="bindings.view_accountoffer",
        )
    )
