"""What Django's own error page (``DEBUG``) and ``manage.py diffsettings`` may show of our values."""

import re
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@]*):[^/\s]*@")


def without_passwords(text: str) -> str:
    """``text`` with stars for the password of every URL in it: ``redis://:***@host``."""
    return _PASSWORD_IN_URL.sub(r"\1:***@", text)


class MaskingFilter(SafeExceptionReporterFilter):
    """Django masks by names; a URL's password is masked wherever it stands, in variables of the code too."""

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        return without_passwords(cleansed) if isinstance(cleansed, str) else cleansed

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: Any) -> Any:
        shown = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, self.cleanse_setting(name, value)) for name, value in shown]
