"""``manage.py listen``: receives events over the long connection, in a process of its own."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hireops import demo
from hireops.inbox.watch import Watch


class Command(BaseCommand):
    help = "Takes in Feishu's events over the long connection (custom apps only), until it is told to stop."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.FEISHU_APP_TYPE != "custom":
            raise CommandError(
                "FEISHU_APP_TYPE: a store app has no long connection; its events come to the webhook.",
                returncode=2,
            )
        demo.refuse_rows_of_another_app()
        watch = Watch()
        watch.start()
        watch.wait()
        # Only here: it loads the official client, which nothing else is to pay for.
        from hireops.inbox.long_connection import listen  # noqa: PLC0415

        listen(watch)
