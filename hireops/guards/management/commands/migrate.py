from collections.abc import Callable
from time import sleep
from typing import Any, TypeVar

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import AmbiguityError

from hireops.database import pooler
from hireops.guards.impact import Impact, Plan, impacts, needs_no_reading, too_long
from hireops.guards.installed import dialect_of
from hireops.guards.migrating import migrating, one_at_a_time, put_back

TRIES = 20
PAUSE_S = 1.0
Result = TypeVar("Result")
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"
# The lock of a migration would stay on a connection that others are handed then, and each migrate after it
# would wait for ever.
BEHIND_A_POOLER = (
    "A pooler stands before the database, and the lock of a migration belongs to one connection. Nothing has "
    "been changed. Name the server itself in DATABASE_URL, with the owner of the tables."
)


class Command(migrate.Command):
    help = (
        f"{migrate.Command.help} Guards are lifted meanwhile if they have to be, and put back; cut off, run "
        "it again. With --plan it says what the migrations lock."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--despite-locks",
            action="store_true",
            help="also what keeps others from a large table for longer than a webhook can wait",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            if options["plan"]:
                self._tell(connection, impacts(connection, _plan(connection, options)))
            return
        if pooler.stands_before(connection):
            raise CommandError(BEHIND_A_POOLER)
        with one_at_a_time(connection):
            plan = [] if options["fake"] else _plan(connection, options)
            is_additive = self._try_again_while_locked(
                connection, lambda: self._is_additive(connection, plan, options)
            )
            with migrating(connection, is_additive=is_additive):
                self._try_again_while_locked(
                    connection, lambda: super(Command, self).handle(*args, **options)
                )
                for problem in put_back(connection):
                    self.stderr.write(self.style.ERROR(str(problem)))

    def _is_additive(self, connection: BaseDatabaseWrapper, plan: Plan, options: dict[str, Any]) -> bool:
        if needs_no_reading(connection, plan):
            return False
        found = impacts(connection, plan)
        lines = [str(each) for each in too_long(connection, found)]
        if lines and not options["despite_locks"]:
            says = "Nothing has been changed. When others may wait for so long: --despite-locks."
            raise CommandError("\n".join([*lines, says]))
        return all(each.is_additive for each in found)

    def _try_again_while_locked(self, connection: BaseDatabaseWrapper, work: Callable[[], Result]) -> Result:
        """What is applied already is left out the next time."""
        for _turn in range(TRIES - 1):
            try:
                return work()
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") not in {LOCK_NOT_AVAILABLE, DEADLOCK}:
                    raise
            with connection.cursor() as cursor:
                others = dialect_of(connection).waited_for(cursor) or ["nobody for longer than a second"]
            self.stderr.write(f"A table is in use, so this is tried again. Perhaps by {'; '.join(others)}.")
            sleep(PAUSE_S)
        return work()

    def _tell(self, connection: BaseDatabaseWrapper, found: list[Impact]) -> None:
        if not found:
            return
        self.stdout.write(self.style.MIGRATE_HEADING("What they lock:"))
        for each in too_long(connection, found):
            self.stdout.write(f"  {each}")
        if lifting := [each.migration for each in found if not each.is_additive]:
            self.stdout.write(f"  Every write is refused meanwhile, because of {', '.join(lifting)}.")
        else:
            self.stdout.write("  Writes go on meanwhile, and so does the release before this one afterwards.")


def _plan(connection: BaseDatabaseWrapper, options: dict[str, Any]) -> Plan:
    """None for arguments that Django is about to refuse."""
    executor = MigrationExecutor(connection)
    app, name = options["app_label"], options["migration_name"]
    leaves = executor.loader.graph.leaf_nodes()
    try:
        if name and name != "zero":
            name = executor.loader.get_migration_by_prefix(app, name).name
    except (AmbiguityError, KeyError):
        return []
    targets = (
        [(app, None if name == "zero" else name)]
        if name
        else [key for key in leaves if app in (None, key[0])]
    )
    plan: Plan = executor.migration_plan(targets)
    return plan
