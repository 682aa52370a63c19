"""The calls about an account's offer, as the pages show them."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from bindings.models import OfferCall
from hireops.desk.display import state_badge
from hireops.outbox import reasons
from hireops.outbox.models import Call


@dataclass(frozen=True, slots=True)
class Called:
    """``named`` is what it was about, by Feishu's IDs; ``reason`` why it was not done, and what helps."""

    kept: OfferCall
    verb: str
    named: str
    badge: SafeString
    reason: str


def of(kept: OfferCall) -> Called:
    return Called(
        kept,
        str(OfferCall.Verb(kept.verb).label),
        ", ".join(each["id"] for each in kept.sent),
        state_badge(Call.State(kept.call.state)),
        str(reasons.explain(kept.call) or ""),
    )
