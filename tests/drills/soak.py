"""An hour at 20 events/s with random faults: ``python -m tests.drills.soak``

Web, worker and beat on a PostgreSQL of their own (``--sqlite``: on SQLite), and a Feishu that has calls to
answer. At random the database, the broker or Feishu misbehaves, a second worker is killed, strangers knock.
In the end all that was answered 200 has had its effect once, and a table says by how many MB an hour each
process has grown after the first ten minutes. The status is 1 if one has by more than ``--at-most`` (1), or
has ended.

``--minutes 15 --warm-up 5`` is a short one, which says less: what a cache takes once looks like growth.
``--seed`` draws the same faults again.
"""

import argparse
import os
import random
import sys

import django
from django.conf import settings

from tests.simulator_process import APP


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Whether hireops grows while things go wrong.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=10, help="minutes that count for nothing")
    parser.add_argument("--rate", type=float, default=20, help="events a second")
    parser.add_argument("--at-most", type=float, default=1, help="MB an hour for each process")
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args(arguments)
    os.environ["MALLOC_ARENA_MAX"] = "1"  # as everywhere that hireops is started; glibc reads it only then
    _become_the_simulated_feishu()
    from tests.drills import soaking  # noqa: PLC0415 - after setup, and not in the processes that are started

    soaking.say(f"--seed {chosen.seed}")
    with soaking.ground(on_sqlite=chosen.sqlite) as soak:
        try:
            soak.run(chosen.minutes * 60, chosen.rate, random.Random(chosen.seed))
        finally:
            has_grown = soak.report(chosen.warm_up * 60, chosen.at_most)
    return has_grown


def _become_the_simulated_feishu() -> None:
    """This process signs events as the simulated app's."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    for name, value in APP.items():
        setattr(settings, name, value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
