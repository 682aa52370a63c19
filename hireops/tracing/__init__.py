"""What took how long, for OpenTelemetry: ids and names of ours, never contents (docs/decisions/0044).

Without ``TRACES`` nothing of OpenTelemetry is imported, and what is here does nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings

EVENT_IDS = "hireops.event.ids"  # Feishu's, as on the page of the event
CALL_ID = "hireops.call.id"
CALL_OPERATION = "hireops.call.operation"
CALL_TRY = "hireops.call.try"
JOB_ID = "hireops.job.id"
JOB_KIND = "hireops.job.kind"
FEISHU_ENDPOINT = "hireops.feishu.endpoint"
FEISHU_CODE = "hireops.feishu.code"
FEISHU_LOG_ID = "hireops.feishu.log_id"
OURS = frozenset(
    (
        *(EVENT_IDS, CALL_ID, CALL_OPERATION, CALL_TRY, JOB_ID, JOB_KIND),
        *(FEISHU_ENDPOINT, FEISHU_CODE, FEISHU_LOG_ID),
    )
)

Attributes = Mapping[str, str | int | Sequence[str]]

_NOTHING: AbstractContextManager[Any] = nullcontext()
_sdk: Any = None


def start(process: str) -> None:
    """Once in each process that is to be traced (``web``, ``worker``), before Django's handlers are made."""
    global _sdk  # noqa: PLW0603 - whether this process is traced is a fact about the process
    if settings.TRACES and _sdk is None:
        from hireops.tracing import sdk  # noqa: PLC0415 - installed only where it is wanted

        sdk.start(process)
        _sdk = sdk


def span(name: str, attributes: Attributes | None = None) -> AbstractContextManager[Any]:
    """While it is open, what is noted, and each request that leaves, belongs to it."""
    return _NOTHING if _sdk is None else _sdk.span(name, attributes)


def note(attributes: Attributes) -> None:
    """More of what is under way in this thread; what ``OURS`` does not name is dropped."""
    if _sdk is not None:
        _sdk.note(attributes)
