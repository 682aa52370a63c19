from typing import Any

from django.core.management.commands import dumpdata

from hireops.guards.carrying import chosen, refuse_guarded


class Command(dumpdata.Command):
    help = f"{dumpdata.Command.help} Not of tables with guards: copy the whole database instead."

    def handle(self, *app_labels: str, **options: Any) -> None:
        refuse_guarded(chosen(app_labels, options["exclude"]))
        super().handle(*app_labels, **options)
