from typing import Any

from django.core.management.commands import loaddata

from hireops.guards.carrying import refuse_guarded


class Command(loaddata.Command):
    help = f"{loaddata.Command.help} Not into tables with guards: copy the whole database instead."

    def save_obj(self, obj: Any) -> bool:
        refuse_guarded([type(obj.object)])
        saved: bool = super().save_obj(obj)
        return saved
