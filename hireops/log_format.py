"""Log lines that repeat no values: one line for each record, and errors without their messages.

The text of an exception may quote what somebody typed, a row of the database or a request; its kind and the
places it came through may not.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _WithoutValues(logging.Formatter):
    def formatException(  # noqa: N802 - logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        if ei[0] is None:
            return ""
        # Not extract_tb, which reads the source of every frame into memory and leaves it there.
        frames = [(Path(f.f_code.co_filename).name, number) for f, number in traceback.walk_tb(ei[2])]
        return " < ".join([ei[0].__name__, *(f"{name}:{number}" for name, number in reversed(frames))])


class WithoutStack(logging.Filter):
    """Beat writes the whole way to each ring that failed into its message, once a second while the broker is
    away."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple("" if isinstance(each, list) else each for each in record.args)
        return True


class OneLineFormatter(_WithoutValues):
    """``LOG_FORMAT=text``: for whoever reads along."""

    def format(self, record: logging.LogRecord) -> str:
        return _CONTROL.sub(" ", super().format(record))


class JsonFormatter(_WithoutValues):
    """``LOG_FORMAT=json``: for what collects logs. Only these fields: an ``extra`` may be a whole request.

    ``time`` is ISO 8601 in UTC; ``error`` stands where there was an exception.
    """

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _CONTROL.sub(" ", record.getMessage()),
            "process": record.process,
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)
