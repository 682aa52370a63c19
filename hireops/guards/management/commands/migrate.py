from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from hireops.guards.migrating import migrating, put_back


class Command(migrate.Command):
    help = f"{migrate.Command.help} Guards are lifted meanwhile and put back; cut off, run it again."

    def handle(self, *args: Any, **options: Any) -> None:
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        connection = connections[options["database"]]
        with migrating(connection):
            super().handle(*args, **options)
            for problem in put_back(connection):
                self.stderr.write(self.style.ERROR(str(problem)))
