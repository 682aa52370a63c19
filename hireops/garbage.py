"""Cycles that nobody holds any more, and how many of them a process may gather."""

import gc


def leave_out_what_is_loaded() -> None:
    """Once, when all is loaded: nobody looks for garbage in it again.

    CPython looks through the old objects only when a quarter as many have come as it found old the last time.
    Beside half a million that were loaded, a worker would gather megabytes of what it has handled before
    that. So the last look is one that finds nothing old.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
