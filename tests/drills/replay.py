"""``python -m tests.drills.replay ROUNDS``: somebody replays every event there is, again and again.

Then the fault is mended, and all that failed is replayed at once. Prints how many replays of single events
were accepted, but for those that the fault is in.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after setup

from hireops.database import clock  # noqa: E402
from hireops.desk.errors import Refused  # noqa: E402
from hireops.inbox import services  # noqa: E402
from hireops.inbox.models import Event  # noqa: E402
from tests.drills import handlers  # noqa: E402


def replay(event: Event, by: User) -> bool:
    try:
        services.replay_event(event, by=by, reason="drill")
    except Refused:  # a worker is at it, or it waits to be handled
        return False
    return True


def main(rounds: int) -> None:
    otto = User.objects.create_superuser("otto")
    accepted = 0
    for _ in range(rounds):
        for event in Event.objects.all():
            accepted += replay(event, otto) and event.event_type != handlers.MENDED
    handlers.mended_mark(Path(os.environ["HIREOPS_DRILL_FOLDER"])).touch()
    services.replay_failed(since=clock.now() - timedelta(hours=1), by=otto, reason="it is mended")
    sys.stdout.write(str(accepted))


if __name__ == "__main__":
    main(int(sys.argv[1]))
