"""The database: its version and settings, its migrations and guards, and whether its secrets can be read."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from hireops.database import pooler, schema, standby
from hireops.database.errors import DATABASE_AWAY
from hireops.desk import restoring
from hireops.doctor.findings import Found, Level, Question, Verdict
from hireops.encrypted_columns import EncryptedBinaryField, EncryptedTextField
from hireops.encryption import decrypt, decrypt_bytes
from hireops.guards.installed import differences, is_lifted

OLDEST_POSTGRESQL = 14
OLDEST_SQLITE = (3, 37, 0)
SHOWN = 5
ASKED_BY_TWO = 20


def _version() -> Iterator[Found]:
    try:
        yield from _sqlite() if connection.vendor == "sqlite" else _postgresql()
    except DATABASE_AWAY as error:  # no row has been asked for: the message names server and role at the most
        yield Found("away", {"error": " ".join(str(error).split())})


def _sqlite() -> Iterator[Found]:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield Found("too old", {"database": "SQLite", "version": version, "oldest": "3.37"})
    elif _one("PRAGMA journal_mode") != "wal":
        yield Found("not wal", {"mode": str(_one("PRAGMA journal_mode"))})
    else:
        yield Found("ok", {"database": "SQLite", "version": version})


def _postgresql() -> Iterator[Found]:
    version, number = str(_one("SHOW server_version")), int(str(_one("SHOW server_version_num")))
    if number < OLDEST_POSTGRESQL * 10_000:
        yield Found("too old", {"database": "PostgreSQL", "version": version, "oldest": OLDEST_POSTGRESQL})
        return
    wrong = [(name, is_so) for name, wanted in DURABLE if (is_so := str(_one(f"SHOW {name}"))) not in wanted]
    for name, is_so in wrong:
        yield Found("not durable", {"setting": name, "value": is_so})
    if _one("SHOW server_encoding") != "UTF8":
        yield Found("not utf8", {"encoding": str(_one("SHOW server_encoding"))})
    if not wrong:
        yield Found("ok", {"database": "PostgreSQL", "version": version})


# What was answered with 200 has to be on the disk.
DURABLE = (
    ("fsync", ("on",)),
    ("full_page_writes", ("on",)),
    ("synchronous_commit", ("on", "remote_apply", "remote_write", "local")),
)


def _one(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None


def _pooler() -> Iterator[Found]:
    if connection.vendor == "sqlite":
        yield Found("none")
        return
    is_told = settings.DATABASE_POOLER == "transaction"
    if not pooler.stands_before(connection):
        yield Found("needless" if is_told else "none")
    elif _hands_out_connections_by_transaction():
        yield Found("told" if is_told else "not told")
    else:
        yield Found("by session")


def _hands_out_connections_by_transaction() -> bool:
    """Then two of ours that are open at once are given the same one in turn, unless others are quicker."""
    other: Any = connection.copy()
    try:
        for _time in range(ASKED_BY_TWO):
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                if cursor.fetchone() == (_one("SELECT pg_backend_pid()"),):
                    return True
    finally:
        other.close()
    return False


def _standby() -> Iterator[Found]:
    commits = standby.commits(connection)
    if commits.are_held_up:
        facts = {"count": commits.waiting, "seconds": round(commits.longest_s)}
        yield Found("away", {**facts, "standbys": commits.standbys or "?"})
    else:
        yield Found("ok" if commits.standbys else "none", {"standbys": commits.standbys})


def _migrations() -> Iterator[Found]:
    loader = MigrationLoader(connection)
    missing = sorted(set(loader.graph.leaf_nodes()) - set(loader.applied_migrations))
    ours = {config.label for config in apps.get_app_configs()}
    newer = sorted(
        key for key in loader.applied_migrations if key[0] in ours and key not in loader.disk_migrations
    )
    if missing:
        yield Found("missing", {"migrations": _listed(missing)})
    if newer:
        yield Found("newer", {"migrations": _listed(newer)})
    if not missing and (unusable := list(schema.misfits(connection))):
        yield Found("unusable", {"misfits": "; ".join(unusable[:SHOWN])})
    elif not (missing or newer):
        yield Found("ok")


def _listed(migrations: list[tuple[str, str]]) -> str:
    shown = ", ".join(f"{app}.{name}" for app, name in migrations[:SHOWN])
    return shown if len(migrations) <= SHOWN else f"{shown} (+{len(migrations) - SHOWN})"


def _guards() -> Iterator[Found]:
    if is_lifted(connection):
        yield Found("lifted")
        return
    wrong = [str(each) for each in differences(connection) if each.is_ours]
    yield Found("differ", {"guards": "; ".join(wrong[:SHOWN])}) if wrong else Found("ok")


def _secrets() -> Iterator[Found]:
    """Reads the oldest and the newest row of each encrypted column."""
    unreadable = [
        f"{model._meta.label}.{field.attname}"  # noqa: SLF001 - documented
        for model in apps.get_models()
        for field in model._meta.get_fields()  # noqa: SLF001
        if isinstance(field, EncryptedTextField | EncryptedBinaryField) and not _opens(model, field)
    ]
    if unreadable:
        yield Found("unreadable", {"columns": ", ".join(unreadable)})
    else:
        yield Found("old keys" if settings.SECRET_KEY_FALLBACKS else "ok")


def _opens(model: type[Model], field: EncryptedTextField | EncryptedBinaryField) -> bool:
    column = field.attname
    kept = model._default_manager.exclude(**{column: "" if isinstance(field, EncryptedTextField) else b""})  # noqa: SLF001
    rows = [kept.order_by(by).values_list(column, flat=True).first() for by in ("pk", "-pk")]
    read = decrypt if isinstance(field, EncryptedTextField) else decrypt_bytes
    return all(read(value) is not None for value in rows if value)


def _restored() -> Iterator[Found]:
    standing = restoring.standing()
    yield Found("not released", {"left": len(restoring.left(standing))}) if standing else Found("ok")


QUESTIONS = (
    Question(
        id="database.version",
        title=_("Database"),
        ask=_version,
        verdicts={
            "ok": Verdict(Level.OK, _("%(database)s %(version)s")),
            "away": Verdict(
                Level.ERROR,
                _("It does not answer: %(error)s"),
                _("Start it, or mend DATABASE_URL. The lines below need it too."),
            ),
            "too old": Verdict(
                Level.ERROR,
                _("%(database)s %(version)s is older than %(oldest)s, the oldest that hireops is tried on."),
                _("Update the database server."),
            ),
            "not wal": Verdict(
                Level.ERROR,
                _("SQLite's journal mode is %(mode)s and not wal: readers and writers block each other."),
                _("Keep the file on a disk of this machine, not on a network drive."),
            ),
            "not durable": Verdict(
                Level.ERROR,
                _(
                    "PostgreSQL has %(setting)s = %(value)s: what hireops has confirmed can be lost with "
                    "the power."
                ),
                _("Set %(setting)s to on in postgresql.conf and reload the server."),
            ),
            "not utf8": Verdict(
                Level.ERROR,
                _("The database's encoding is %(encoding)s: it can't hold all names."),
                _("Create it anew with ENCODING 'UTF8' and load the data into it."),
            ),
        },
    ),
    Question(
        id="database.pooler",
        title=_("Pooler before the database"),
        ask=_pooler,
        verdicts={
            "none": Verdict(Level.OK, _("There is none.")),
            "told": Verdict(
                Level.OK,
                _("It hands out connections for each transaction, and hireops knows (DATABASE_POOLER)."),
            ),
            "by session": Verdict(Level.OK, _("It leaves each process its connection.")),
            "needless": Verdict(
                Level.NOTICE,
                _("DATABASE_POOLER names one, and there is none: each event costs a little more."),
                _("Leave DATABASE_POOLER empty."),
            ),
            "not told": Verdict(
                Level.ERROR,
                _("It hands out another connection for each transaction, and hireops does not know."),
                _("Set DATABASE_POOLER=transaction on all hosts, and restart: statements fail at times."),
            ),
        },
    ),
    Question(
        id="database.standby",
        title=_("Standby of the database"),
        ask=_standby,
        verdicts={
            "none": Verdict(Level.OK, _("No commit waits for one.")),
            "ok": Verdict(Level.OK, _("Commits wait for %(standbys)s, which answers.")),
            "away": Verdict(
                Level.ERROR,
                _(
                    "%(count)s commits wait for %(standbys)s, for up to %(seconds)s s: nothing can be saved, "
                    "events are answered 503, and workers look as if they had stopped."
                ),
                _(
                    "Start the standby again, or go on with one copy: ALTER SYSTEM SET "
                    "synchronous_standby_names = '', then SELECT pg_reload_conf(). Do not end the sessions."
                ),
            ),
        },
    ),
    Question(
        id="database.migrations",
        title=_("Migrations"),
        ask=_migrations,
        verdicts={
            "ok": Verdict(Level.OK, _("All are applied.")),
            "missing": Verdict(
                Level.ERROR,
                _("Not applied: %(migrations)s"),
                _("Run manage.py migrate as the owner of the tables."),
            ),
            "newer": Verdict(
                Level.ERROR,
                _("The database knows migrations that this version of hireops does not have: %(migrations)s"),
                _("This host runs an older version: update it, or restore the database that belongs to it."),
            ),
            "unusable": Verdict(
                Level.ERROR,
                _("Tables are not as this version of hireops needs them: %(misfits)s"),
                _("If this host has an older version, update it; else somebody has changed them: restore."),
            ),
        },
    ),
    Question(
        id="database.guards",
        title=_("Guards of the database"),
        ask=_guards,
        verdicts={
            "ok": Verdict(Level.OK, _("They stand as declared.")),
            "lifted": Verdict(
                Level.ERROR,
                _("They are lifted: an update is running or was cut off, and nothing can be written."),
                _("If no update is running, run manage.py migrate again."),
            ),
            "differ": Verdict(
                Level.ERROR,
                _("Some are missing or are others: %(guards)s"),
                _("Find out who changed them; then manage.py migrate puts them back."),
            ),
        },
    ),
    Question(
        id="database.restored",
        title=_("Restored from a backup"),
        ask=_restored,
        verdicts={
            "ok": Verdict(Level.OK, _("Nothing is held back.")),
            "not released": Verdict(
                Level.ERROR,
                _("It was restored and is not released (%(left)s parts left): nothing is sent or paid out."),
                _("Look at what Feishu has done since and release it: manage.py restored says what."),
            ),
        },
    ),
    Question(
        id="database.secrets",
        title=_("Encrypted data"),
        ask=_secrets,
        verdicts={
            "ok": Verdict(Level.OK, _("It can be read with SECRET_KEY.")),
            "old keys": Verdict(
                Level.NOTICE,
                _("It can be read, with keys of before as well."),
                _("Run manage.py reencrypt, then empty SECRET_KEY_FALLBACKS."),
            ),
            "unreadable": Verdict(
                Level.ERROR,
                _("It can't be read with SECRET_KEY: %(columns)s"),
                _("Name the key that the database was written with in SECRET_KEY_FALLBACKS."),
            ),
        },
    ),
)
