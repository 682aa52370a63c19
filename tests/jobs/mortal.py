"""``python -m tests.jobs.mortal``: a worker that does long work that is due, and dies where it is told."""

import os
import sys
from pathlib import Path

from tests.databases import database_of_tests
from tests.forked import Forked


def killed_at(place: str) -> int:
    """The return code of a worker of these tests' database that was to be killed there."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_of_tests().url,
        "HIREOPS_DIE_AT": place,
    }
    command = [sys.executable, "-m", "tests.jobs.mortal"]
    return Forked(command, environment=environment, output=Path(os.devnull)).wait(60)


def main() -> None:
    import django  # noqa: PLC0415 - this is a process of its own

    django.setup()
    from hireops.jobs.registry import register  # noqa: PLC0415 - after setup
    from hireops.jobs.tasks import work  # noqa: PLC0415
    from tests.jobs.kinds import COUNTING  # noqa: PLC0415

    register(COUNTING)
    work()


if __name__ == "__main__":
    main()
