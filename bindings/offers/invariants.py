"""What must be true of offers at any time (``manage.py check_invariants``)."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from django.db.models import Exists, OuterRef

from bindings.models import AccountOffer, OfferCall, OfferedItem
from bindings.offers import outcomes, sending
from bindings.offers.calls import ABOUT_AN_ID
from bindings.offers.plan import Known, Standing
from bindings.offers.sending import OPERATIONS
from hireops.feishu.hire.wire import content
from hireops.outbox.models import Attempt, Call


def offers_are_what_their_calls_add_up_to() -> Iterator[str]:
    """Each call with what became of it, one after the other, leads to what is called confirmed."""
    landed = Attempt.objects.filter(Attempt.MAY_HAVE_LANDED, call=OuterRef("call"))
    calls = OfferCall.objects.select_related("call").annotate(landed=Exists(landed)).order_by("offer", "pk")
    items = OfferedItem.objects.order_by("offer", "pk")
    kept = {pk: list(rows) for pk, rows in groupby(items.iterator(), attrgetter("offer_id"))}
    for pk, of_account in groupby(calls.iterator(), attrgetter("offer_id")):
        rows = [row.as_known() for row in kept.pop(pk, [])]
        if _settled(_added_up(list(of_account))) != _settled(rows):
            yield f"offer {pk} is not what its calls add up to"
    for pk, rest in kept.items():
        if any(row.standing != Standing.FOREIGN for row in rest):
            yield f"offer {pk} has items that no call has named"


def _added_up(calls: Iterable[OfferCall]) -> tuple[Known, ...]:
    known: tuple[Known, ...] = ()
    for kept in calls:
        planned, before = kept.as_planned(), [sending.known_from_json(each) for each in kept.before]
        known = outcomes.begun(_with(known, before), planned)
        match kept.call.state:
            case Call.State.SUCCEEDED:
                known = outcomes.answered(known, planned)
            case Call.State.REFUSED if kept.call.error_code in ABOUT_AN_ID:
                known = outcomes.refused(known, before, planned) or known
            case Call.State.REFUSED | Call.State.CANCELED if not kept.landed:  # type: ignore[attr-defined]
                known = outcomes.undone(known, before, planned)
    return known


def _with(known: Iterable[Known], before: Iterable[Known]) -> tuple[Known, ...]:
    """Also what was seen in orders, and named by a call later."""
    there = {(each.kind, each.id): each for each in known}
    foreign = {(each.kind, each.id): each for each in before if each.standing is Standing.FOREIGN}
    return tuple((foreign | there).values())


def _settled(known: Iterable[Known]) -> dict[tuple[str, str], tuple[object, ...]]:
    """What is said to be there, and what to be gone."""
    return {
        (each.kind, each.id): (each.standing, each.doubt, each.content)
        for each in known
        if each.standing is not Standing.FOREIGN
    }


def calls_are_sent_as_kept() -> Iterator[str]:
    """What is kept with a call is what it sends."""
    calls = OfferCall.objects.select_related("call", "offer__account").filter(call__trimmed_at=None)
    for kept in calls.iterator():
        planned, call = kept.as_planned(), kept.call
        body = {"account_id": kept.offer.account.account_id, **sending.payload_of(planned)}
        if call.operation != OPERATIONS[planned.verb] or content(**call.payload) != content(**body):
            yield f"call #{call.pk} does not send what is kept of it"


def offers_under_way_have_their_call() -> Iterator[str]:
    """Whatever is being brought up to date has exactly one call that is to be sent."""
    open_states = [Call.State.PENDING, Call.State.WAITING]
    open_calls = OfferCall.objects.filter(offer=OuterRef("pk"), call__state__in=open_states)
    idle = AccountOffer.objects.filter(~Exists(open_calls), state=AccountOffer.State.UPDATING)
    for pk in idle.values_list("pk", flat=True):
        yield f"offer {pk} is being brought up to date and owes no call"
