"""Many real processes that do one thing at one moment, on one database: what threads cannot show.

``in_processes(hireops, 32, "tests.feishu.in_processes:access_token")`` gives the 32 results. Django is set up
once, in a process of its own, which then forks: 32 separate starts would take half a minute.
"""

import importlib
import json
import multiprocessing
import os
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import django

from tests.processes import Hireops
from tests.simulator_process import APP

ASKS_AGAIN_S = 30


def in_processes(hireops: Hireops, count: int, function: str, **variables: str) -> list[Any]:
    """What ``function`` (``module:name``, without arguments, returns JSON) returned in each process."""
    report = hireops.folder / "in-processes.json"
    command = [sys.executable, "-m", "tests.feishu.in_processes", str(count), function]
    process = hireops.start(*command, **{**APP, **variables, "REPORT": str(report)})
    assert process.wait(60) == 0, hireops.output.read_text()[-3000:]
    return list(json.loads(report.read_text()))


def access_token() -> str:
    """The token of a custom app, or the error's text. Who is told that another fetches it asks again, as a
    call does that was not sent.
    """
    from hireops.feishu import sentences, tokens  # noqa: PLC0415 - only where Django is set up
    from hireops.feishu.errors import FeishuError  # noqa: PLC0415

    gives_up_at = monotonic() + ASKS_AGAIN_S
    while True:
        try:
            return tokens.access_token("")
        except FeishuError as error:
            if sentences.FETCHED_ELSEWHERE not in error.message or monotonic() > gives_up_at:
                return str(error)


def ask_for_40_slots() -> int:
    """How many of them were granted, of an interface with 100/min."""
    from hireops.feishu import quotas  # noqa: PLC0415
    from hireops.feishu.endpoints import ENDPOINTS  # noqa: PLC0415

    granted = 0
    for _ in range(40):
        try:
            quotas.acquire(ENDPOINTS["referral_account.create"], "")
            granted += 1
        except quotas.QuotaUsedUpError:
            continue
    return granted


def main(count: int, function: str) -> None:
    django.setup()
    module, _, name = function.partition(":")
    work = getattr(importlib.import_module(module), name)
    fork = multiprocessing.get_context("fork")
    start, results = fork.Barrier(count), fork.SimpleQueue()

    def run() -> None:
        start.wait()
        results.put(work())

    processes = [fork.Process(target=run) for _ in range(count)]
    for process in processes:
        process.start()
    found = [results.get() for _ in processes]
    for process in processes:
        process.join()
    Path(os.environ["REPORT"]).write_text(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
