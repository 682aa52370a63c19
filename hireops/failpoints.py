"""Places by name where a drill may kill the process, to prove what a dead process leaves behind."""

import os
import signal
from collections import Counter

_crossed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Does nothing, unless ``HIREOPS_DIE_AT=name:n`` says that the n-th crossing kills (``name``: the first).

    SIGKILL, so that nothing is tidied up: no ``finally``, no rollback that we would have to trust.
    """
    place, _, turn = os.environ.get("HIREOPS_DIE_AT", "").partition(":")
    if place != name:
        return
    _crossed[name] += 1
    if _crossed[name] == int(turn or 1):
        os.kill(os.getpid(), signal.SIGKILL)
