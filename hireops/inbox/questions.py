"""What the doctor asks of the inbox: whether events can arrive, whether they do, and of which types."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.doctor.findings import Found, Level, Question, Verdict
from hireops.doctor.permissions import needs
from hireops.inbox import address, registry
from hireops.inbox.address import Answered
from hireops.inbox.event_queries import by_index, could_be_handled_now
from hireops.inbox.models import Event, JournalFailure
from hireops.private_files import OTHERS


def _address() -> Iterator[Found]:
    if settings.FEISHU_EVENTS == "long_connection":
        yield Found("not needed")
    elif not (settings.PUBLIC_URL and settings.PUBLIC_URL_CHECK):
        yield Found("not asked")
    else:
        asked = address.verify()
        facts: dict[str, str | int] = {"url": asked.url, "said": asked.said, "ms": asked.milliseconds}
        yield Found(VERDICT_OF[asked.answered], facts)


def _arriving() -> Iterator[Found]:
    last = Event.objects.order_by("-pk").values_list("received_at", flat=True).first()
    if last is not None:
        yield Found("ok", {"age": _seconds_since(last)})
    else:
        yield Found("never, but used" if any(need.events and need.is_used() for need in needs()) else "never")


def _types() -> Iterator[Found]:
    for need in needs():
        for event_type in need.events:
            known = registry.get(event_type)
            facts = {"type": event_type, "label": known.label if known else event_type}
            last = by_index("event_type", event_type).values_list("received_at", flat=True).first()
            if last is not None:
                yield Found("ok", {**facts, "age": _seconds_since(last)})
            else:
                is_expected = need.is_used() and event_type not in need.seldom
                yield Found("never, but used" if is_expected else "never", facts)


def _unhandled() -> Iterator[Found]:
    known = could_be_handled_now()
    for event_type, count in known.items():
        yield Found(
            "can be handled", {"label": registry.labels()[event_type], "type": event_type, "count": count}
        )
    if not known:
        yield Found("ok")


def _journal() -> Iterator[Found]:
    """Of all hosts what they have noted, of this one the folder as well."""
    lately = clock.now() - JOURNAL_LOOKED_AT
    failures = list(JournalFailure.objects.filter(at__gt=lately))
    for failure in failures:
        facts = {"host": failure.host, "error": failure.reason}
        yield Found("failed", {**facts, "age": _seconds_since(failure.at)})
    if not settings.EVENT_JOURNAL:
        yield Found("off")
    elif why := _why_not_written(Path(settings.EVENT_JOURNAL)):
        yield Found("not written", {"folder": settings.EVENT_JOURNAL, "error": why})
    elif not failures:
        yield Found("ok", {"folder": settings.EVENT_JOURNAL})


def _why_not_written(folder: Path) -> str:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return "open to others" if folder.stat().st_mode & OTHERS else ""
    except OSError as error:
        return error.strerror or type(error).__name__


def _seconds_since(moment: datetime) -> int:
    return round((clock.now() - moment).total_seconds())


JOURNAL_LOOKED_AT = timedelta(days=1)
NEVER = _("None has ever come. Whether Feishu reaches this host can only be told when one has.")
SUBSCRIBE = _(
    "In the developer console, Events & callbacks: save the request URL https://<your host>/webhook/event "
    "(hireops answers its verification), subscribe to the events, and publish a version."
)

VERDICT_OF = {
    Answered.IN_TIME: "ok",
    Answered.LATE: "late",
    Answered.OTHERWISE: "otherwise",
    Answered.NOT_AT_ALL: "away",
}

QUESTIONS = (
    Question(
        id="events.address",
        title=_("Address for events"),
        ask=_address,
        verdicts={
            "ok": Verdict(
                Level.OK, _("%(url)s answers a verification in %(ms)s ms, as asked from this host.")
            ),
            "not needed": Verdict(Level.OK, _("None is needed: events come over the long connection.")),
            "not asked": Verdict(
                Level.NOTICE,
                _("It was not asked, because PUBLIC_URL is not set or PUBLIC_URL_CHECK is off."),
                _("Save the address in the developer console: Feishu verifies it, and hireops answers."),
            ),
            "late": Verdict(
                Level.WARNING,
                _("%(url)s took %(ms)s ms to answer a verification, and Feishu waits for one second."),
                _("See what holds it up: the proxy, name service, or a machine that has too much to do."),
            ),
            "otherwise": Verdict(
                Level.ERROR,
                _("%(url)s does not answer a verification as it should, but with %(said)s."),
                _(
                    "See that the proxy passes /webhook/event on unchanged and without a redirect, and that "
                    "FEISHU_VERIFICATION_TOKEN and FEISHU_ENCRYPT_KEY are the same on all hosts."
                ),
            ),
            "away": Verdict(
                Level.ERROR,
                _("%(url)s can't be reached from this host (%(said)s)."),
                _(
                    "Look at the name, its certificate, the proxy and the firewall. If the address is "
                    "reached from outside and only not from this host, set PUBLIC_URL_CHECK=false."
                ),
            ),
        },
    ),
    Question(
        id="events.arriving",
        title=_("Events"),
        ask=_arriving,
        verdicts={
            "ok": Verdict(Level.OK, _("The last one came %(age)s ago.")),
            "never": Verdict(Level.NOTICE, NEVER, SUBSCRIBE),
            "never, but used": Verdict(Level.WARNING, NEVER, SUBSCRIBE),
        },
    ),
    Question(
        id="events.unhandled",
        title=_("Events of before"),
        ask=_unhandled,
        verdicts={
            "ok": Verdict(Level.OK, _("None waits that this version could handle.")),
            "can be handled": Verdict(
                Level.WARNING,
                _("%(label)s: %(count)s came before hireops could handle them, and nothing has followed."),
                _(
                    "Events, filtered by the state No handler and by this type: choose those that still "
                    "matter, and Replay. Set the others aside."
                ),
            ),
        },
    ),
    Question(
        id="events.journal",
        title=_("Events beside the database"),
        ask=_journal,
        verdicts={
            "ok": Verdict(Level.OK, _("They are also kept in %(folder)s.")),
            "off": Verdict(
                Level.NOTICE,
                _("They are kept in the database alone."),
                _("Where no binding may be lost with a database, name a folder: EVENT_JOURNAL."),
            ),
            "not written": Verdict(
                Level.ERROR,
                _("This host can't keep them in %(folder)s: %(error)s"),
                _("Give the folder to the user that runs hireops, closed to others, on a disk with room."),
            ),
            "failed": Verdict(
                Level.ERROR,
                _("%(host)s could not keep one %(age)s ago: %(error)s"),
                _("Look at its EVENT_JOURNAL, the disk and its owner; then make a backup."),
            ),
        },
    ),
    Question(
        id="events.types",
        title=_("Events by type"),
        ask=_types,
        verdicts={
            "ok": Verdict(Level.OK, _("%(label)s: the last one came %(age)s ago.")),
            "never": Verdict(Level.NOTICE, _("%(label)s (%(type)s): none has ever come.")),
            "never, but used": Verdict(
                Level.WARNING,
                _("%(label)s (%(type)s): none has ever come, though it is worked with."),
                _("See that the app is subscribed to it, and that a version with it is published."),
            ),
        },
    ),
)
