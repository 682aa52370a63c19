"""Where an error was raised, without its message: that may quote what somebody typed."""

import traceback
from pathlib import Path


def error_location(error: BaseException) -> str:
    """The kind of an error and where it was raised: ``KeyError at events.py:42``."""
    # Not extract_tb, which reads the source of every frame into memory and leaves it there.
    frames = list(traceback.walk_tb(error.__traceback__))
    where = f" at {Path(frames[-1][0].f_code.co_filename).name}:{frames[-1][1]}" if frames else ""
    return f"{type(error).__name__}{where}"
