import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from hireops.guards import rules
from hireops.guards.installed import differences, missing_tables
from hireops.guards.installing import Misfit, install

OTHERS_TABLES = """
    SELECT 1 FROM unnest(%s::text[]) AS name JOIN pg_class ON pg_class.oid = to_regclass(name)
    WHERE NOT pg_has_role(relowner, 'USAGE')
    LIMIT 1
"""


class Command(BaseCommand):
    help = (
        "Compares what the database itself refuses with what hireops declares: one line for each guard "
        "that is missing, changed, disabled or not ours, and exit code 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--install", action="store_true", help="put the declared guards back")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections))

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        problems = [
            *(_installed(connection) if options["install"] else []),
            *(f"table {table} is missing, with all its guards" for table in missing_tables(connection)),
            *differences(connection),
        ]
        for problem in problems:
            self.stdout.write(str(problem))
        if problems:
            sys.exit(1)
        self.stdout.write(f"{len(rules.declared())} guards stand on {len(rules.guarded_tables())} tables")


def _installed(connection: BaseDatabaseWrapper) -> list[Misfit]:
    if connection.vendor == "postgresql" and not _owns_the_tables(connection):
        raise CommandError(
            "Only the owner of the tables can put guards back, and DATABASE_URL names somebody else. "
            "Nothing has been changed. Run it with the owner's DATABASE_URL."
        )
    return install(connection)


def _owns_the_tables(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(OTHERS_TABLES, [rules.guarded_tables()])
        return cursor.fetchone() is None
