"""How events come and are handled, as figures: a few looks into an index each, however long the table."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.database import clock
from hireops.desk.display import duration, labelled, moment
from hireops.desk.health import Figure, Metric, Section
from hireops.desk.lists import different_values
from hireops.desk.paging import AtLeast
from hireops.inbox.event_queries import by_index, could_be_handled_now
from hireops.inbox.models import Event, JournalFailure
from hireops.inbox.registry import is_handled, labels

SILENCE = Metric("event_last_received_seconds", "Seconds since any event was received.")
LAST_OF_TYPE = Metric("event_last_of_type_seconds", "Seconds since an event of this type was received.")
OLDEST_DUE = Metric("event_oldest_due_seconds", "Seconds that the oldest due event has been waiting.")
DUE = Metric("events_due", "Events that are due, counted to 1000.")
FAILED = Metric("events_failed", "Failed events by whether they are tried again, of the newest 1000.")
UNREADABLE = Metric("events_unreadable", "Events that cannot be read, counted to 1000.")
KEPT = Metric("events_kept", "Of 10000 without a handler, those that this release could handle now.")
LATE = Metric("events_late", "Of the newest 1000 events of the last day, those that came late from Feishu.")
LATEST = Metric("event_latest_seconds", "Of these, the longest time from Feishu's clock to ours.")
GAPS = Metric("hours_without_event", "Hours of the last 24 in which no event came.")

JOURNAL_FAILED = Metric(
    "event_journal_failed_seconds", "Seconds since an event could not be kept beside the database."
)

COUNTED_TO = 1000
TYPES_SHOWN = 50
HOURS_LOOKED_AT = 24
LATE_AFTER = timedelta(minutes=5)
FAILS_NOW = timedelta(minutes=10)
SHOWN_FAILED = timedelta(days=7)
DUE_TOO_LONG = timedelta(minutes=1)

EVENTS_PAGE = "admin:inbox_event_changelist"


def silence() -> Section:
    """Whether events come at all. A system that has never had one has nothing to fall silent."""
    now = clock.now()
    last = Event.objects.order_by("-received_at").values_list("received_at", flat=True).first()
    age = now - last if last else None
    silent = age is not None and age > timedelta(hours=settings.INBOX_SILENCE_HOURS)
    note = _(
        "That is longer than usual (INBOX_SILENCE_HOURS). Look in Feishu's console whether the subscription "
        "is on and where events are sent, and whether that way is open."
    )
    figure = Figure(
        SILENCE,
        gettext_lazy("Last event"),
        age.total_seconds() if age else None,
        _("%(age)s ago") % {"age": duration(age)} if age else _("none yet"),
        note if silent else "",
        "bad" if silent else "ok",
        url=reverse(EVENTS_PAGE),
    )
    return Section(gettext_lazy("Events from Feishu"), [figure])


def journal() -> Section:
    """Whether events are also kept beside the database, where that is asked for."""
    now = clock.now()
    failures = list(JournalFailure.objects.filter(at__gt=now - SHOWN_FAILED).order_by("host"))
    figures = [_journal_failure(failure, now) for failure in failures] or [_no_journal_failure()]
    return Section(gettext_lazy("Events beside the database"), figures)


def _no_journal_failure() -> Figure:
    shown = _("kept") if settings.EVENT_JOURNAL else _("not kept (EVENT_JOURNAL)")
    return Figure(JOURNAL_FAILED, gettext_lazy("Event journal"), None, shown)


def _journal_failure(failure: JournalFailure, now: datetime) -> Figure:
    age = now - failure.at
    note = _(
        "Events of %(host)s are safe in the database, but not kept beside it (%(reason)s): a backup that is "
        "restored now loses them. Look at the folder, its disk and its owner."
    ) % {"host": failure.host, "reason": failure.reason}
    return Figure(
        JOURNAL_FAILED,
        gettext_lazy("Event journal"),
        age.total_seconds(),
        _("failed %(age)s ago") % {"age": duration(age)},
        note,
        "bad" if age < FAILS_NOW else "warn",
        {"host": failure.host},
    )


def arrivals() -> Section:
    """What came late, and the hours in which nothing came."""
    now = clock.now()
    return Section(gettext_lazy("Arrival"), [*_lateness(now), _gaps(now)])


def _lateness(now: datetime) -> Iterator[Figure]:
    recent = Event.objects.filter(received_at__gt=now - timedelta(days=1)).order_by("-received_at")
    times = recent.values_list("created_at", "received_at")[:COUNTED_TO]
    delays = [received - created for created, received in times if created]
    late, latest = sum(delay > LATE_AFTER for delay in delays), max(delays, default=timedelta())
    note = _("Feishu sends an event again for hours when it got no answer: were we out of reach?")
    yield Figure(
        LATE,
        gettext_lazy("Came more than 5 minutes late"),
        late,
        _("%(late)d of the newest %(all)d in 24 hours") % {"late": late, "all": len(delays)},
        note if late else "",
        "warn" if late else "ok",
    )
    yield Figure(LATEST, gettext_lazy("The latest of them"), latest.total_seconds(), duration(latest))


def _gaps(now: datetime) -> Figure:
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=back) for back in range(HOURS_LOOKED_AT, 0, -1)]
    empty = [hour for hour in hours if not _came_within(hour, hour + timedelta(hours=1))]
    return Figure(
        GAPS,
        gettext_lazy("Hours without an event"),
        len(empty),
        _("%(empty)d of the last %(all)d") % {"empty": len(empty), "all": len(hours)},
        ", ".join(f"{localtime(start):%H:%M}–{localtime(end):%H:%M}" for start, end in _joined(empty)),
    )


def _joined(hours: list[datetime]) -> list[tuple[datetime, datetime]]:
    """Hours that follow one another, as one time from their first to their last."""
    spans: list[tuple[datetime, datetime]] = []
    for hour in hours:
        start = spans.pop()[0] if spans and spans[-1][1] == hour else hour
        spans.append((start, hour + timedelta(hours=1)))
    return spans


def _came_within(start: datetime, end: datetime) -> bool:
    return Event.objects.filter(received_at__gte=start, received_at__lt=end).exists()


def handling() -> Section:
    """What waits for a worker, and what waits for a person."""
    now = clock.now()
    return Section(gettext_lazy("Handling"), [*_due(now), *_failures(), _unreadable(), _kept()])


def _due(now: datetime) -> Iterator[Figure]:
    due = Event.objects.filter(not_before__lte=now).order_by("not_before", "id")
    moments = list(due.values_list("not_before", flat=True)[: COUNTED_TO + 1])
    age = now - moments[0] if moments and moments[0] else timedelta()
    slow = age > DUE_TOO_LONG
    yield Figure(DUE, gettext_lazy("Events to be handled"), *_counted(len(moments)))
    yield Figure(
        OLDEST_DUE,
        gettext_lazy("The oldest of them"),
        age.total_seconds(),
        _("due for %(age)s") % {"age": duration(age)} if moments else _("none"),
        _("Is the worker running?") if slow else "",
        "bad" if slow else "ok",
    )


def _failures() -> Iterator[Figure]:
    newest = by_index("state", Event.State.FAILED).values_list("cause", "not_before")[: COUNTED_TO + 1]
    failed = list(newest)
    waiting = [cause for cause, not_before in failed if not_before is None]
    by_itself = len(failed) - len(waiting)
    yield Figure(
        FAILED,
        gettext_lazy("Failed, tried again by themselves"),
        *_counted(by_itself),
        labels={"waits_for": "retry"},
    )
    yield Figure(
        FAILED,
        gettext_lazy("Failed, waiting for a person"),
        *_counted(len(waiting)),
        _by_cause(waiting),
        "warn" if waiting else "ok",
        {"waits_for": "person"},
        f"{reverse(EVENTS_PAGE)}?state__exact=failed",
    )


def _by_cause(causes: list[str]) -> str:
    names = dict(Event.Cause.choices)
    counts = {cause: causes.count(cause) for cause in names if cause in causes}
    return "; ".join(labelled(names[cause], count) for cause, count in counts.items())


def _unreadable() -> Figure:
    found = len(by_index("state", Event.State.UNREADABLE).values_list("pk")[: COUNTED_TO + 1])
    return Figure(
        UNREADABLE,
        gettext_lazy("Unreadable"),
        *_counted(found),
        "",
        "warn" if found else "ok",
        url=f"{reverse(EVENTS_PAGE)}?state__exact=unreadable",
    )


def _kept() -> Figure:
    found, names = could_be_handled_now(), labels()
    return Figure(
        KEPT,
        gettext_lazy("Came before hireops could handle them"),
        found.total(),
        str(found.total()),
        "; ".join(labelled(names[event_type], count) for event_type, count in found.items()),
        "warn" if found else "ok",
        url=f"{reverse(EVENTS_PAGE)}?state__exact=unhandled",
    )


def _counted(found: int) -> tuple[int, str]:
    """For machines and for people: ``1000+`` where there are more."""
    return min(found, COUNTED_TO), str(AtLeast(COUNTED_TO) if found > COUNTED_TO else found)


def types() -> Section:
    """When an event of each type last came."""
    now, names = clock.now(), labels()
    came = [event_type for event_type in different_values(Event, "event_type") if event_type]
    figures = [_last_of(event_type, names.get(event_type, ""), now) for event_type in came[:TYPES_SHOWN]]
    missing = [label for name, label in names.items() if name not in came and is_handled(name)]
    note = _("Never came: %(types)s") % {"types": ", ".join(missing)} if missing else ""
    return Section(gettext_lazy("Last event of each type"), figures, note)


def _last_of(event_type: str, label: str, now: datetime) -> Figure:
    last = by_index("event_type", event_type).values_list("received_at", flat=True)[0]
    return Figure(
        LAST_OF_TYPE,
        label or event_type,
        (now - last).total_seconds(),
        moment(last),
        "" if is_handled(event_type) else _("hireops does nothing with events of this type."),
        labels={"event_type": event_type},
        url=f"{reverse(EVENTS_PAGE)}?{urlencode({'event_type': event_type})}",
    )
