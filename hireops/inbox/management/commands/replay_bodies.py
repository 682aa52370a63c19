from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hireops.doorbell import ring
from hireops.feishu import callbacks
from hireops.inbox import intake, journal, tasks
from hireops.inbox.journal import Kept


class Command(BaseCommand):
    help = (
        "Takes in once more what was kept in EVENT_JOURNAL: what is in the database is recognised, what is "
        "missing is stored and handled. It may be run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, help="files, or folders with such")

    def handle(self, *args: Any, **options: Any) -> None:
        files = journal.files_in(options["paths"])
        if missing := [str(file) for file in files if not file.is_file()] or (not files and ["no files"]):
            raise CommandError(f"not there: {', '.join(missing)}")
        counts = {"new": 0, "known": 0, "unreadable": 0}
        for kept in journal.read(files):
            counts[_taken_in(kept)] += 1
        if counts["new"]:
            ring(tasks.drain)
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        self.stdout.write(f"{told} ({len(files)} files)")
        if counts["unreadable"]:
            self.stdout.write(
                "Unreadable: cut off, or under keys that SECRET_KEY_FALLBACKS and the settings of"
            )
            self.stdout.write(
                "the app (FEISHU_ENCRYPT_KEY_PREVIOUS, FEISHU_VERIFICATION_TOKEN_PREVIOUS) miss."
            )


def _taken_in(kept: Kept | None) -> str:
    if kept is None:
        return "unreadable"
    try:
        delivery = _opened(kept)
    except callbacks.NotAuthenticError:
        return "unreadable"
    try:
        is_new = intake.store_delivery(delivery, kept.body)
    except intake.NOT_STORED as error:
        raise CommandError("the database does not answer; run it again, nothing is stored twice") from error
    if isinstance(delivery, callbacks.Unreadable):
        return "unreadable"
    return "new" if is_new else "known"


def _opened(kept: Kept) -> callbacks.CallbackEvent | callbacks.Unreadable:
    if kept.headers is None:
        return callbacks.open_pushed(kept.body, intake.keys())
    delivery = callbacks.open_callback(kept.body, kept.headers, intake.keys())
    if isinstance(delivery, callbacks.Challenge):
        raise callbacks.NotAuthenticError(400, "a URL verification is no event")
    return delivery
