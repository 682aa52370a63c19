"""How far our clock is ahead of Feishu's, from what its latest answers say of the time.

``Attempt.feishu_at`` is the second in which Feishu answered; by our clock (the database's) that was between
beginning and end of the attempt. Each answer so bounds the difference, and all of them together narrow it
down to less than a second.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hireops.database import clock
from hireops.outbox.models import Attempt

LOOKED_AT = 200
NOT_OLDER_THAN = timedelta(days=1)
TO_THE_SECOND = timedelta(seconds=1)

# When an attempt began and ended by our clock, and the second of the answer by Feishu's.
Reading = tuple[datetime, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Difference:
    """Our clock is ahead of Feishu's by something between both; behind it: less than nothing."""

    at_least: timedelta
    at_most: timedelta

    @property
    def about(self) -> timedelta:
        return (self.at_least + self.at_most) / 2

    @property
    def certain(self) -> timedelta:
        """The part that is beyond doubt: nothing, if both clocks may agree."""
        return max(self.at_least, min(self.at_most, timedelta()))


def difference() -> Difference | None:
    """By the answers of the last day; None if there was none that told the time."""
    newest = Attempt.objects.order_by("-id").values_list("started_at", "finished_at", "feishu_at")[:LOOKED_AT]
    since = clock.now() - NOT_OLDER_THAN
    return narrowed(
        (started, finished, feishu)
        for started, finished, feishu in newest
        if finished is not None and feishu is not None and started > since
    )


def narrowed(readings: Iterable[Reading]) -> Difference | None:
    """What all of them allow, the newest first; one from before a clock was set ends it."""
    known: Difference | None = None
    for started, finished, feishu in readings:
        found = Difference(started - feishu - TO_THE_SECOND, finished - feishu)
        if known is not None:
            found = Difference(max(known.at_least, found.at_least), min(known.at_most, found.at_most))
        if found.at_least > found.at_most:
            break
        known = found
    return known
