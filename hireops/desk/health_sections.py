"""What the desk itself knows of the health of hireops: its processes, and the nightly check."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hireops import VERSION
from hireops.database import clock, standby
from hireops.desk import health, heartbeats, restoring
from hireops.desk.cards import Card, Text
from hireops.desk.display import duration, labelled, moment
from hireops.desk.health import Figure, Metric, Section
from hireops.desk.heartbeats import Seen
from hireops.desk.models import InvariantCheck
from hireops.desk.staff import Reader
from hireops.guards.installed import is_lifted

LIFTED = Metric("guards_lifted", "1 while the guards are lifted, so that the database takes no write.")
COMMITS_WAIT = Metric("commit_waits_for_standby_seconds", "Seconds that a commit waits for the standby.")
RESTORED = Metric("restored", "1 while a restored database is not released, so that nothing is sent.")
SIGN_OF_LIFE = Metric("process_last_seen_seconds", "Seconds since the worker or beat was last alive.")
ALIVE = Metric("processes_alive", "Worker processes, or hosts on which beat runs, that were seen lately.")
SERVING = Metric("queue_workers", "Worker processes seen lately that take up what is in the queue.")
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
ON_HOST = {
    heartbeats.WORKER: gettext_lazy("Worker on %(host)s"),
    heartbeats.BEAT: gettext_lazy("Clock (beat) on %(host)s"),
}
QUEUES = {
    "celery": gettext_lazy("What is done by the clock"),
    "events": gettext_lazy("Handling events"),
    "calls": gettext_lazy("Sending calls"),
    "long_work": gettext_lazy("Long work"),
}


def processes() -> Section:
    """How many run, what each host has, and who takes up what."""
    seen = heartbeats.seen()
    workers = [each for each in seen if each.process == heartbeats.WORKER and not each.has_stopped]
    # Beat's sign is written by a worker: without one, nobody can tell how beat is.
    told = (heartbeats.WORKER, heartbeats.BEAT) if workers else (heartbeats.WORKER,)
    figures = [
        *(_process(name, [each for each in seen if each.process == name]) for name in told),
        *(_on_host(each) for each in heartbeats.by_host(seen) if each.process in told),
        *(_queue(name, label, workers) for name, label in QUEUES.items()),
    ]
    return Section(gettext_lazy("Processes"), figures)


def _process(name: str, seen: Sequence[Seen]) -> Figure:
    """``seen``: the one seen last stands first."""
    alive = sum(not each.has_stopped for each in seen)
    shown = _("stopped, seen %(age)s ago") % {"age": duration(seen[0].age)} if seen else _("never seen")
    return Figure(
        ALIVE,
        PROCESSES[name],
        alive,
        _("%(count)d running") % {"count": alive} if alive else shown,
        "" if alive else STOPPED[name],
        "ok" if alive else "bad",
        {"process": name},
    )


def _on_host(seen: Seen) -> Figure:
    note = ""
    if seen.has_stopped:
        note = _("It has stopped. Start it; if it is meant to be gone, it is forgotten after a day.")
    elif seen.version != VERSION:
        note = _("Not version %(ours)s: update it.") % {"ours": VERSION}
    told = {"version": seen.version or "?", "age": duration(seen.age)}
    return Figure(
        SIGN_OF_LIFE,
        ON_HOST[seen.process] % {"host": seen.host or "?"},
        seen.age.total_seconds(),
        _("version %(version)s, seen %(age)s ago") % told,
        note,
        "warn" if note else "ok",
        {"process": seen.process, "host": seen.host},
    )


def _queue(name: str, label: Text, workers: Sequence[Seen]) -> Figure:
    """Where no worker runs at all, that is said, and enough."""
    serving = sum(worker.serves(name) for worker in workers)
    is_unserved = bool(workers) and not serving
    return Figure(
        SERVING,
        label,
        serving,
        ngettext("%(count)d worker", "%(count)d workers", serving) % {"count": serving},
        _("No worker takes this up: see CELERY_WORKER_QUEUES of each.") if is_unserved else "",
        "bad" if is_unserved else "ok",
        {"queue": name},
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


def commits() -> Section:
    """Whether the database commits, where it waits for a standby."""
    now = standby.commits(connection)
    note = _(
        "The standby of the database is away: nothing can be saved until it is back or whoever looks after "
        "hireops goes on without it. Feishu sends the events of meanwhile again."
    )
    told = {"count": now.waiting, "seconds": round(now.longest_s)}
    held_up = _("%(count)d commits wait, for up to %(seconds)d s") % told
    figure = Figure(
        COMMITS_WAIT,
        gettext_lazy("Standby of the database"),
        round(now.longest_s, 1),
        held_up if now.are_held_up else now.standbys or _("none is waited for"),
        note if now.are_held_up else "",
        "bad" if now.are_held_up else "ok",
    )
    return Section(gettext_lazy("Standby"), [figure])


def restoration() -> Section:
    """Whether the database was restored, and holds back what would leave."""
    standing = restoring.standing()
    note = _(
        "The database was restored from a backup. Nothing is sent, asked for, approved or handed over until "
        "an administrator has looked at what Feishu has done since, and released it."
    )
    figure = Figure(
        RESTORED,
        gettext_lazy("Restored from a backup"),
        int(standing is not None),
        _("not released, %(left)s parts left") % {"left": len(restoring.left(standing))}
        if standing
        else _("no"),
        note if standing else "",
        "bad" if standing else "ok",
        url=reverse("admin:desk_restoration_changelist") if standing else "",
    )
    return Section(gettext_lazy("Restore"), [figure])


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
    named = [labelled(each.label, each.shown) for each in alarms]
    return Card(
        title=gettext_lazy("Health"),
        value=len(alarms) or _("well"),
        note="; ".join(named) or _("Nothing has stopped or fallen silent."),
        url=reverse("admin:health"),
        tone="bad" if alarms else "ok",
        about="system",
    )
