"""``python -m tests.upgrade.make FILE``: makes a database with something in every table, much of it begun.

It is run in a checkout of the commit whose database it is to be, of which it knows the doors only: the pages
of staff, the webhook, the tasks of the clock, and that commit's simulator. So a starting point is made by

    git worktree add /tmp/old COMMIT
    rm -rf /tmp/old/tests/upgrade && cp -r tests/upgrade /tmp/old/tests/ && cd /tmp/old
    python -m tests.upgrade.make /tmp/COMMIT.sqlite3.gz
    DATABASE_URL=postgres://.../an_empty_database python -m tests.upgrade.make /tmp/COMMIT.sql.gz

and both files are put beside this one: the tests walk over all that they find. It takes two minutes, because
a worker is given up half a minute after it has died, and one has to die three times over an event. Where a
commit names a task, or a place where a worker can be killed, differently, ``story.py`` is told so there.

What is in the files was due when they were made. So that it is due wherever they are tested, whatever time
it is there, they are made with a clock a month behind: ``tests/drills/skewed_clock.c``, preloaded with
``SKEW_S=-2592000`` into this command and, for PostgreSQL, into a server of its own.

A change of the schema adds the commit before it as a starting point, and says in ``test_migrated.py`` which
columns of earlier rows it rewrites.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.environment import pinned
from tests.simulator_process import APP, running_simulator
from tests.upgrade import dumps


def main() -> None:
    target = Path(sys.argv[1]).resolve()
    clock = {name: os.environ[name] for name in ("LD_PRELOAD", "SKEW_S") if name in os.environ}
    with tempfile.TemporaryDirectory() as folder, running_simulator(**clock) as simulator:
        environment = {**pinned(Path(folder)), "DATABASE_URL": f"sqlite:///{folder}/begun.sqlite3", **APP}
        environment |= {name: url for name, url in os.environ.items() if name == "DATABASE_URL" and url}
        environment |= {
            "FEISHU_BASE_URL": simulator.url,
            "OUTBOX_SENDERS": "1",
            "ALLOWED_HOSTS": "testserver",
            "REFERRALS_SELF_APPROVAL": "true",
            "SECOND_FACTOR_ROLES": "none",
        }
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="hireops.settings")

        import django  # noqa: PLC0415 - the settings read what has just been pinned

        django.setup()
        from tests.upgrade.story import tell  # noqa: PLC0415 - Django is ready only now

        tell(simulator)
        if target.name.endswith(dumps.SQLITE):
            dumps.save_sqlite(Path(folder, "begun.sqlite3"), target)
        else:
            dumps.save_postgresql(environment["DATABASE_URL"], target)


if __name__ == "__main__":
    main()
