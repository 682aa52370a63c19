"""gunicorn's logs, without the addresses of report links: who reads a log must not be able to open one."""

import logging
import re
from typing import Any

from gunicorn.glogging import Logger

from hireops import environment
from hireops.log_format import JsonFormatter
from hireops.web.pools import REPORT_PATHS

LINK = re.compile(re.escape(REPORT_PATHS) + r"[^\s\"'?]+")
HIDDEN = REPORT_PATHS + "…"


def without_links(text: str) -> str:
    return LINK.sub(HIDDEN, text)


class WithoutLinks(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_links(record.getMessage()), ()
        return True


class QuietLogger(Logger):
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            if not any(isinstance(each, WithoutLinks) for each in log.filters):
                log.addFilter(WithoutLinks())
            if environment.text("LOG_FORMAT") == "json":  # gunicorn itself has no settings of Django
                for handler in log.handlers:
                    handler.setFormatter(JsonFormatter())
