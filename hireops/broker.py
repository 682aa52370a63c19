"""A broker that needs no server: Celery's messages as files in a folder, ``embedded:///the/folder``.

kombu's own filesystem transport lets a reader open a message before its writer has finished, which kills
the worker (docs/decisions/0003-a-folder-is-the-default-broker.md, with measurements). Here a message
appears by one rename and belongs to whoever removes it; the system does each of the two once or not at all.
"""

import logging
import uuid
from collections import defaultdict, deque
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, virtual
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)


def _folder_named_by(client: Any) -> Path:
    return Path("/", client.virtual_host)


class FolderChannel(virtual.Channel):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What was seen and not yet tried: one listing serves many messages, however many are waiting.
        self._seen: defaultdict[str, deque[Path]] = defaultdict(deque)

    def _folder(self, queue: str) -> Path:
        assert self.connection is not None  # noqa: S101 - kombu's type allows it, kombu does not
        folder = _folder_named_by(self.connection.client) / queue
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _messages(self, queue: str) -> list[Path]:
        return list(self._folder(queue).glob("*.message"))

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        draft = self._folder(queue) / f"{time_ns()}-{uuid.uuid4()}.draft"
        draft.write_text(dumps(message))
        draft.rename(draft.with_suffix(".message"))

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        seen = self._seen[queue]
        if not seen:
            seen.extend(sorted(self._messages(queue)))  # the names begin with the time: oldest first
        while seen:
            path = seen.popleft()
            try:
                content = path.read_bytes()
                path.unlink()
                message: dict[str, Any] = loads(content.decode())
            except FileNotFoundError:
                continue  # another worker was quicker
            except ValueError:
                logger.warning("dropped %s, which is not a message (half written at a power cut?)", path)
                continue
            return message
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._messages(queue))

    def _purge(self, queue: str) -> int:
        messages = self._messages(queue)
        for path in messages:
            path.unlink(missing_ok=True)
        return len(messages)


class Transport(virtual.Transport):
    Channel = FolderChannel
    driver_type = driver_name = "embedded"
    polling_interval = 0.1
    # A folder out of reach is a lost connection: the worker connects again instead of ending.
    connection_errors = (*virtual.Transport.connection_errors, OSError)
    # Bindings live in each process: whoever sends to a queue declares it first.
    global_state = virtual.BrokerState()

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.state = self.global_state

    def establish_connection(self) -> Any:
        # Fails here while the folder is out of reach, so that a worker waits between its attempts.
        _folder_named_by(self.client).mkdir(parents=True, exist_ok=True)
        return super().establish_connection()

    def driver_version(self) -> str:
        return "1"


def register() -> None:
    TRANSPORT_ALIASES["embedded"] = "hireops.broker:Transport"
