"""``python -m tests.drills.backlog``: keeps events from standard input, a JSON envelope on each line.

They are rows such as the webhook writes, which would take many minutes for a hundred thousand of them.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from itertools import islice

import django

django.setup()

from django.db import transaction  # noqa: E402 - after setup

from hireops.encryption import encrypt_bytes  # noqa: E402 - after setup
from hireops.inbox.models import Event, EventContent  # noqa: E402

PIECE = 1000


def event_of(line: str) -> Event:
    header = json.loads(line)["header"]
    return Event(
        app_id=header["app_id"],
        event_id=header["event_id"],
        event_type=header["event_type"],
        tenant_key=header["tenant_key"],
        digest=hashlib.sha256(line.encode()).hexdigest(),
    )


def keep(lines: Iterable[str]) -> None:
    lines = iter(lines)
    while piece := list(islice(lines, PIECE)):
        with transaction.atomic():
            events = Event.objects.bulk_create(map(event_of, piece))
            EventContent.objects.bulk_create(
                EventContent(event=event, raw=encrypt_bytes(line.encode()), payload=json.loads(line))
                for event, line in zip(events, piece, strict=True)
            )


if __name__ == "__main__":
    keep(sys.stdin)
