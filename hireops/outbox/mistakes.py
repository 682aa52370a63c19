"""How mistakes of our own are logged: where, and of what kind. Their text may repeat what was being sent."""

import logging
from pathlib import Path
from traceback import extract_tb


def log(logger: logging.Logger, error: BaseException, message: str, *details: object) -> None:
    logger.error(f"{message}: %s", *details, place_of(error))  # noqa: G004 - ours, without values


def place_of(error: BaseException) -> str:
    """``ValueError at bindings/events.py:41``: no message and no values."""
    frames = extract_tb(error.__traceback__)
    place = f"{'/'.join(Path(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else "nowhere"
    return f"{type(error).__name__} at {place}"
