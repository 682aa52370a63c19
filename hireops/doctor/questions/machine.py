"""This machine and the processes: clocks, disk, broker, workers, beat, shared cache, mail, addresses."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.core.mail import get_connection
from django.utils.translation import gettext_lazy as _

from hireops import VERSION
from hireops.celery import app
from hireops.database import clock
from hireops.desk import heartbeats
from hireops.doctor.findings import Found, Level, Question, Text, Verdict
from hireops.doorbell import impatient_connection

CLOCKS_MAY_DIFFER_S = 2
CACHED_S = 10
MIB = 1024 * 1024
LITTLE_DISK, NO_DISK = 2_048 * MIB, 256 * MIB


def _clock() -> Iterator[Found]:
    """The database's clock decides on leases and due times; this machine's stands in what it logs."""
    differ = abs((clock.now() - datetime.now(UTC)).total_seconds())
    yield Found("ok" if differ <= CLOCKS_MAY_DIFFER_S else "differ", {"seconds": round(differ)})


def _disk() -> Iterator[Found]:
    folders = {settings.VAR_DIR}
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        folders.add(Path(settings.DATABASES["default"]["NAME"]).parent)
    for folder in sorted(folders):
        free = shutil.disk_usage(folder).free
        verdict = "full" if free < NO_DISK else "little" if free < LITTLE_DISK else "ok"
        yield Found(verdict, {"folder": str(folder), "free": free // MIB})


def _broker() -> Iterator[Found]:
    kind = urlsplit(app.conf.broker_url).scheme
    try:
        with impatient_connection() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
            channel: Any = broker.channel()  # Redis is not asked for anything before
            channel.close()
    except Exception as error:  # noqa: BLE001 - each broker's driver has its own errors
        yield Found("away", {"kind": kind, "error": type(error).__name__})
        return
    yield Found("ok", {"kind": kind})


def _workers() -> Iterator[Found]:
    """Every process that runs, and hosts on which one has run lately and none does."""
    if not heartbeats.alive(heartbeats.WORKER):
        yield Found("none")
        return
    seen = [each for each in heartbeats.seen() if each.process == heartbeats.WORKER]
    last_of_hosts = heartbeats.by_host(seen)
    for worker in seen:
        if not worker.has_stopped:
            yield Found("ok" if worker.version == VERSION else "other version", _facts(worker))
        elif worker in last_of_hosts:
            yield Found("stopped", _facts(worker))


def _facts(seen: heartbeats.Seen) -> dict[str, Text | int]:
    return {
        "host": seen.host or "?",
        "version": seen.version or "?",
        "ours": VERSION,
        "age": round(seen.age.total_seconds()),
    }


def _queues() -> Iterator[Found]:
    workers = heartbeats.alive(heartbeats.WORKER)
    unserved = [name for name in settings.QUEUES if not any(worker.serves(name) for worker in workers)]
    if workers and unserved:
        yield Found("unserved", {"queues": ", ".join(unserved)})
    else:
        yield Found("ok")


def _beat() -> Iterator[Found]:
    seen = [each for each in heartbeats.seen() if each.process == heartbeats.BEAT]
    if not seen:
        yield Found("never")
    one_runs = any(not beat.has_stopped for beat in seen)
    for beat in seen if one_runs else seen[:1]:
        if not beat.has_stopped:
            yield Found("runs" if beat.version == VERSION else "other version", _facts(beat))
        else:
            yield Found("standby stopped" if one_runs else "stopped", _facts(beat))


def _cache() -> Iterator[Found]:
    try:
        cache.set("doctor", 1, timeout=CACHED_S)
    except Exception as error:  # noqa: BLE001 - each cache's driver has its own errors
        yield Found("away", {"error": type(error).__name__})
        return
    hosts = heartbeats.hosts()
    is_shared = urlsplit(settings.CACHE_URL).scheme in {"redis", "rediss", "dbcache"}
    yield Found("ok" if is_shared or len(hosts) == 1 else "alone", {"hosts": len(hosts)})


def _mail() -> Iterator[Found]:
    if not settings.MAIL:
        yield Found("none")
        return
    try:
        with get_connection():
            yield Found("ok")
    except OSError as error:  # smtplib's are of this kind
        yield Found("away", {"error": type(error).__name__})


def _addresses() -> Iterator[Found]:
    if not settings.DEMO and not settings.HTTPS:
        yield Found("no https")
    elif not settings.PUBLIC_URL:
        yield Found("no public url")
    else:
        yield Found("ok", {"url": settings.PUBLIC_URL})


QUESTIONS = (
    Question(
        id="machine.clock",
        title=_("Clocks of this host and of the database"),
        ask=_clock,
        verdicts={
            "ok": Verdict(Level.OK, _("They agree.")),
            "differ": Verdict(
                Level.WARNING,
                _("They differ by %(seconds)s s."),
                _("Have both hosts keep their time by NTP (timedatectl set-ntp true)."),
            ),
        },
    ),
    Question(
        id="machine.disk",
        title=_("Disk"),
        ask=_disk,
        verdicts={
            "ok": Verdict(Level.OK, _("%(folder)s: %(free)s MiB free")),
            "little": Verdict(
                Level.WARNING,
                _("%(folder)s: only %(free)s MiB free"),
                _("Make room before it is full: then no event can be kept."),
            ),
            "full": Verdict(
                Level.ERROR,
                _("%(folder)s: only %(free)s MiB free"),
                _(
                    "Make room now: events that can't be kept are refused, and Feishu stops sending after "
                    "7 hours."
                ),
            ),
        },
    ),
    Question(
        id="broker.reached",
        title=_("Broker"),
        ask=_broker,
        verdicts={
            "ok": Verdict(Level.OK, _("It answers (%(kind)s).")),
            "away": Verdict(
                Level.WARNING,
                _("It does not answer (%(kind)s, %(error)s): everything still happens, but up to 20 s late."),
                _("Start the broker, or correct CELERY_BROKER_URL."),
            ),
        },
    ),
    Question(
        id="workers.alive",
        title=_("Workers"),
        ask=_workers,
        verdicts={
            "ok": Verdict(Level.OK, _("One on %(host)s, version %(version)s")),
            "other version": Verdict(
                Level.WARNING,
                _("One on %(host)s has version %(version)s and not %(ours)s."),
                _("Update that host, or this one, and restart its worker."),
            ),
            "stopped": Verdict(
                Level.WARNING,
                _("The one on %(host)s was last seen %(age)s ago; others run."),
                _("Start it; if it is meant to be gone, it is forgotten after a day."),
            ),
            "none": Verdict(
                Level.ERROR,
                _(
                    "None has been seen lately: events are kept and calls are owed, but nothing is "
                    "handled or sent."
                ),
                _("Start one: celery -A hireops worker (or the unit hireops-worker), and look at its log."),
            ),
        },
    ),
    Question(
        id="workers.queues",
        title=_("Work that is divided between workers"),
        ask=_queues,
        verdicts={
            "ok": Verdict(Level.OK, _("Somebody takes up each kind.")),
            "unserved": Verdict(
                Level.ERROR,
                _("No worker that runs takes up %(queues)s."),
                _("Name it in CELERY_WORKER_QUEUES of a worker, or leave that empty; restart the worker."),
            ),
        },
    ),
    Question(
        id="beat.alive",
        title=_("Clock (beat)"),
        ask=_beat,
        verdicts={
            "ok": Verdict(Level.OK, _("It runs.")),  # of a release that knew of one
            "runs": Verdict(Level.OK, _("One on %(host)s, version %(version)s")),
            "other version": Verdict(
                Level.WARNING,
                _("One on %(host)s has version %(version)s and not %(ours)s."),
                _("Update that host, or this one, and restart its beat."),
            ),
            "standby stopped": Verdict(
                Level.WARNING,
                _("The one on %(host)s was last seen %(age)s ago; another one runs."),
                _("Start it; if it is meant to be gone, it is forgotten after a day."),
            ),
            "stopped": Verdict(
                Level.ERROR,
                _("It was last seen %(age)s ago: nothing happens by the clock, such as reconciling."),
                _("Start it: celery -A hireops.beat beat, on one host; and see that broker and worker run."),
            ),
            "never": Verdict(
                Level.ERROR,
                _("It has never been seen: nothing happens by the clock, such as reconciling."),
                _("Start it: celery -A hireops.beat beat, on one host; and see that broker and worker run."),
            ),
        },
    ),
    Question(
        id="cache.shared",
        title=_("Cache"),
        ask=_cache,
        verdicts={
            "ok": Verdict(Level.OK, _("It serves all hosts (%(hosts)s).")),
            "away": Verdict(
                Level.ERROR,
                _("It does not answer (%(error)s): nobody can sign in with a one-time code."),
                _("Start the cache, or correct CACHE_URL."),
            ),
            "alone": Verdict(
                Level.WARNING,
                _(
                    "There are %(hosts)s hosts, and each has a cache of its own: a one-time code counts "
                    "as used on one only."
                ),
                _("Set CACHE_URL to Redis on all hosts."),
            ),
        },
    ),
    Question(
        id="mail.reached",
        title=_("Mail"),
        ask=_mail,
        verdicts={
            "ok": Verdict(Level.OK, _("The mail server answers.")),
            "none": Verdict(
                Level.NOTICE,
                _(
                    "EMAIL_URL is not set: nobody is offered to reset a forgotten password; an administrator "
                    "does it."
                ),
            ),
            "away": Verdict(
                Level.WARNING,
                _("The mail server does not answer (%(error)s)."),
                _("Correct EMAIL_URL, or start the mail server."),
            ),
        },
    ),
    Question(
        id="address.public",
        title=_("Public address"),
        ask=_addresses,
        verdicts={
            "ok": Verdict(Level.OK, _("%(url)s")),
            "no https": Verdict(
                Level.WARNING,
                _(
                    "CSRF_TRUSTED_ORIGINS names no https address: passwords and personal data travel in the "
                    "clear."
                ),
                _("Put a proxy with TLS in front and name its address there."),
            ),
            "no public url": Verdict(
                Level.NOTICE,
                _("PUBLIC_URL is not set: reports can't be fetched by Feishu, and messages can't lead here."),
                _("Set it to the https address under which this host is reached, if you report results."),
            ),
        },
    ),
)
