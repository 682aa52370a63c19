"""What the desk itself knows of the health of hireops: its processes, and the nightly check."""

from datetime import timedelta

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops import VERSION
from hireops.database import clock
from hireops.desk import health, heartbeats
from hireops.desk.cards import Card
from hireops.desk.display import duration, moment
from hireops.desk.health import Figure, Metric, Section
from hireops.desk.models import InvariantCheck
from hireops.desk.staff import Reader
from hireops.guards.installed import is_lifted

LIFTED = Metric("guards_lifted", "1 while the guards are lifted, so that the database takes no write.")
SIGN_OF_LIFE = Metric("process_last_seen_seconds", "Seconds since the worker or beat was last alive.")
BROKEN_ROWS = Metric("broken_promises", "Rows that broke a promise in the last nightly check.")
LAST_CHECK = Metric("last_check_seconds", "Seconds since the last nightly check of the promises ended.")

CHECK_IS_LATE_AFTER = timedelta(hours=36)
SENTENCES_SHOWN = 20

PROCESSES = {
    heartbeats.WORKER: gettext_lazy("Worker"),
    heartbeats.BEAT: gettext_lazy("Clock (beat)"),
}
STOPPED = {
    heartbeats.WORKER: gettext_lazy(
        "No worker is running: events are kept and calls are owed, but nothing is handled or sent. Start it."
    ),
    heartbeats.BEAT: gettext_lazy(
        "Beat or the broker has stopped: a lost ring is noticed late, and nothing happens by the clock. "
        "Look at both."
    ),
}


def processes() -> Section:
    ages = heartbeats.ages()
    if heartbeats.has_stopped(ages[heartbeats.WORKER]):
        # Beat's sign is written by a worker: without one, nobody can tell how beat is.
        del ages[heartbeats.BEAT]
    figures = [_process(name, age) for name, age in ages.items()]
    return Section(gettext_lazy("Processes"), figures, details=_hosts_of_workers())


def _hosts_of_workers() -> list[str]:
    """Which workers there are, where not all of them are of this host and version."""
    alive = [worker for worker in heartbeats.workers() if not worker.has_stopped]
    if all((worker.host, worker.version) == (heartbeats.this_host(), VERSION) for worker in alive):
        return []
    return [_worker_in_words(worker) for worker in alive]


def _worker_in_words(worker: heartbeats.SeenWorker) -> str:
    seen = {"host": worker.host or "?", "version": worker.version or "?", "age": duration(worker.age)}
    if worker.version == VERSION:
        return _("Worker on %(host)s, version %(version)s, seen %(age)s ago") % seen
    return _("Worker on %(host)s, version %(version)s and not %(ours)s, seen %(age)s ago: update it.") % {
        **seen,
        "ours": VERSION,
    }


def _process(name: str, age: timedelta | None) -> Figure:
    stopped = heartbeats.has_stopped(age)
    return Figure(
        SIGN_OF_LIFE,
        PROCESSES[name],
        age.total_seconds() if age is not None else None,
        _("seen %(age)s ago") % {"age": duration(age)} if age is not None else _("never seen"),
        STOPPED[name] if stopped else "",
        "bad" if stopped else "ok",
        {"process": name},
    )


def guards() -> Section:
    """Whether an update is under way, or was cut off."""
    lifted = is_lifted(connection)
    note = _(
        "An update of hireops is running or was cut off: nothing can be written until it is finished. If it "
        "is not running, have whoever looks after hireops run manage.py migrate again."
    )
    figure = Figure(
        LIFTED,
        gettext_lazy("Guards of the database"),
        int(lifted),
        _("lifted") if lifted else _("in place"),
        note if lifted else "",
        "bad" if lifted else "ok",
    )
    return Section(gettext_lazy("Guards"), [figure])


def promises() -> Section:
    """The nightly check: its verdict, and the first rows that it found broken."""
    newest = InvariantCheck.objects.order_by("-id")
    done = newest.filter(finished_at__isnull=False).first()
    if done is None or done.finished_at is None:
        note = _("It runs every night; manage.py check_invariants runs it now.")
        return Section(gettext_lazy("Nightly check"), [], note)
    age = clock.now() - done.finished_at
    late = age > CHECK_IS_LATE_AFTER
    found = Figure(
        BROKEN_ROWS,
        gettext_lazy("Broken promises"),
        done.broken,
        _("%(broken)d rows, %(checked)d checks") % {"broken": done.broken, "checked": done.checked},
        _("Show them to whoever looks after hireops.") if done.broken else "",
        "bad" if done.broken else "ok",
    )
    when = Figure(
        LAST_CHECK,
        gettext_lazy("Last check"),
        age.total_seconds(),
        moment(done.finished_at),
        _("It should run every night.") if late else "",
        "warn" if late else "ok",
    )
    return Section(gettext_lazy("Nightly check"), [found, when], details=done.sentences[:SENTENCES_SHOWN])


def card(reader: Reader) -> Card | None:
    """Red when something has stopped, fallen silent or broken a promise; the page says the rest."""
    if not reader.has_perm(health.PERMISSION):
        return None
    alarms = health.alarms()
    named = [_("%(label)s: %(shown)s") % {"label": each.label, "shown": each.shown} for each in alarms]
    return Card(
        title=gettext_lazy("Health"),
        value=len(alarms) or _("well"),
        note="; ".join(named) or _("Nothing has stopped or fallen silent."),
        url=reverse("admin:health"),
        tone="bad" if alarms else "ok",
        about="system",
    )
