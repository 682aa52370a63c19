"""One caller's connection, and those that are in the same state."""

import errno
import socket
from time import monotonic
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import TConn

from hireops.web.arrival import Arrival, Stage

PIECE_BYTES = 64 * 1024


class Connection(TConn):
    """One caller, in one of four states: he waits (``kept``, ``arriving``), is in hand, or leaves."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrival = Arrival()
        self.since = monotonic()
        self.discarded = 0
        # What gunicorn would find out in a thread.
        self.initialized = self.data_ready = True
        self.parser = http.get_parser(self.cfg, self, self.client)

    def recv(self, size: int) -> bytes:
        """What the parser reads when it has read all that had come: a streamed body, never anything else."""
        if self.arrival.stage is Stage.STREAMED:
            piece: bytes = self.sock.recv(min(size, PIECE_BYTES))
            if piece:
                return piece
        # An error, because the end of what comes would pass for the end of a body.
        raise ConnectionResetError(errno.ECONNRESET, "the request is not complete")

    def close(self) -> None:
        super().close()
        self.parser = None  # which holds the connection: both would stay until somebody looks for garbage

    def hand_over(self) -> None:
        """Gives the parser this request, and keeps what may belong to the next one."""
        end = self.arrival.size if self.arrival.stage is Stage.WHOLE else len(self.arrival.data)
        self.parser.unreader.unread(bytes(self.arrival.data[:end]))
        del self.arrival.data[:end]


class Waiting(dict[Connection, None]):
    """Connections in one state, the one that has been in it for longest first."""

    def oldest(self) -> Connection | None:
        return next(iter(self), None)


def piece_of(sock: socket.socket) -> bytes | None:
    """What has come, nothing if the caller has ended, None if there was nothing to read."""
    try:
        return sock.recv(PIECE_BYTES)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""
