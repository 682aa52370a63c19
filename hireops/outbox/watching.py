"""What a page that waits for calls has to know of them, to see that it has to be drawn anew."""

from hireops.desk.waiting import Waiting
from hireops.outbox.models import Call


def facts_of(*calls: Call | None) -> tuple[object, ...]:
    return tuple((call.pk, call.state, call.reason, call.tries, call.not_before) for call in calls if call)


def waiting_for(what: object, *calls: Call | None) -> Waiting:
    """Until all of these calls have ended, or wait for a person."""
    there = [call for call in calls if call is not None]
    states = ", ".join(str(Call.State(call.state).label) for call in there[-1:])
    is_over = all(call.state != Call.State.PENDING for call in there)
    return Waiting(": ".join(filter(None, [str(what), states])), facts_of(*there), is_over)
