"""Feishu's end of the long connection (contract 7): a WebSocket server on a port of its own.

It stands beside the WSGI server in the same process, and begins when somebody first asks where to connect.
"""

import contextlib
import json
import random
import secrets
import socket
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from websockets.exceptions import WebSocketException
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from hireops.simulator.frames import CONTROL, DATA, Frame, NoFrameError, decode
from hireops.simulator.world import World, the_world

CONNECTIONS_MAX = 50
PART_BYTES = 64 * 1024  # how much of an event fits one frame; the contract does not say
SYSTEM_BUSY = 1
FORBIDDEN, AUTH_FAILED = "403", "514"
TOO_MANY_CONNECTIONS = "1000040350"
TOO_LATE, NO_CONNECTION, CUT = "TooLate", "NoConnection", "ConnectionCut"
SERVICE_ID = 33554678


@dataclass(slots=True, eq=False)
class Connection:
    """One client that has connected. A silent one stays open, and nothing comes over it."""

    link: ServerConnection
    device_id: str
    opened_at: float
    silent: bool = False
    pings: int = 0
    events: int = 0
    acks: int = 0


class Gateway:
    """``refusal`` is the code that answers whoever asks where to connect; 0 while they are welcome."""

    def __init__(self, world: World) -> None:
        self.refusal = 0
        self._world = world
        self._lock = threading.Lock()
        self._port = 0
        self._tickets: set[str] = set()
        self._connections: list[Connection] = []
        self._awaited: dict[str, Future[int]] = {}  # by message_id: the code it is acknowledged with

    def address(self) -> str:
        """Where one client may connect, once."""
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._port = self._port or self._open()
            self._tickets.add(ticket)
        asked = {"device_id": secrets.randbits(62), "service_id": SERVICE_ID, "ticket": ticket}
        return f"ws://127.0.0.1:{self._port}/ws/v2?{urlencode(asked)}"

    def client_config(self) -> dict[str, int]:
        every_s = self._world.environment.ping_seconds
        return {"ReconnectCount": -1, "ReconnectInterval": 120, "ReconnectNonce": 30, "PingInterval": every_s}

    def push(self, body: str, *, timeout_s: float) -> tuple[int | None, str]:
        """Hands an event to one connection, whichever; the code of its acknowledgement, or None and why."""
        with self._lock:
            if not self._connections:
                return None, NO_CONNECTION
            chosen = random.choice(self._connections)  # noqa: S311 - contract 7.1: any of them
            message_id = secrets.token_hex(16)
            code = self._awaited[message_id] = Future[int]()
        try:
            if not chosen.silent:
                self._send_event(chosen, message_id, body.encode())
            return code.result(timeout_s), ""
        except TimeoutError:
            return None, TOO_LATE
        except (WebSocketException, OSError):
            return None, CUT
        finally:
            with self._lock:
                del self._awaited[message_id]

    def cut(self, *, orderly: bool = False) -> int:
        """Ends all connections, as a network does or as a server does that goes; how many there were."""
        connections = self._open_connections()
        for each in connections:
            with contextlib.suppress(OSError):
                if orderly:
                    each.link.close()
                else:
                    each.link.socket.shutdown(socket.SHUT_RDWR)
        return len(connections)

    def silence(self) -> int:
        """Those that are open now, not those that come later."""
        connections = self._open_connections()
        for each in connections:
            each.silent = True
        return len(connections)

    def restore(self) -> None:
        self.refusal = 0
        for each in self._open_connections():
            each.silent = False

    def shown(self) -> list[dict[str, Any]]:
        names = ("device_id", "opened_at", "silent", "pings", "events", "acks")
        return [{name: getattr(each, name) for name in names} for each in self._open_connections()]

    def _open_connections(self) -> list[Connection]:
        with self._lock:
            return list(self._connections)

    def _open(self) -> int:
        server = serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._admit,
            compression=None,
            ping_interval=None,
            close_timeout=1,
        )
        # Threads of connections inherit that they need not end before the process does.
        threading.Thread(target=server.serve_forever, name="long connections", daemon=True).start()
        return int(server.socket.getsockname()[1])

    def _admit(self, link: ServerConnection, request: Request) -> Response | None:
        """None for a client with a ticket, while there is room."""
        ticket = _asked(request, "ticket")
        with self._lock:
            if ticket not in self._tickets:
                return _refusal(link, {"Handshake-Status": FORBIDDEN, "Handshake-Msg": "forbidden"})
            if len(self._connections) >= CONNECTIONS_MAX:
                why = {"Handshake-Status": AUTH_FAILED, "Handshake-Autherrcode": TOO_MANY_CONNECTIONS}
                return _refusal(link, {**why, "Handshake-Msg": "connection limit exceeded"})
            self._tickets.remove(ticket)
        return None

    def _serve(self, link: ServerConnection) -> None:
        """The life of one connection."""
        device_id = _asked(link.request, "device_id") if link.request else ""
        connection = Connection(link, device_id, self._world.clock.now())
        with self._lock:
            self._connections.append(connection)
        try:
            for message in link:
                if isinstance(message, bytes):
                    self._receive(connection, message)
        except (WebSocketException, OSError):
            return  # cut; those who wait for acknowledgements will have waited in vain
        finally:
            with self._lock:
                self._connections.remove(connection)

    def _receive(self, connection: Connection, message: bytes) -> None:
        if connection.silent:
            return
        try:
            frame = decode(message)
        except (NoFrameError, UnicodeDecodeError):
            return
        if frame.method == CONTROL and frame.headers.get("type") == "ping":
            connection.pings += 1
            config = json.dumps(self.client_config()).encode()
            pong = Frame(method=CONTROL, service=frame.service, headers={"type": "pong"}, payload=config)
            connection.link.send(pong.encode())
        elif frame.method == DATA:
            connection.acks += 1
            self._acknowledged(frame)

    def _acknowledged(self, frame: Frame) -> None:
        try:
            code = json.loads(frame.payload)["code"]
        except (ValueError, TypeError, KeyError):
            return
        with self._lock:
            awaited = self._awaited.get(frame.headers.get("message_id", ""))
        if awaited and isinstance(code, int) and not awaited.done():
            awaited.set_result(code)

    def _send_event(self, connection: Connection, message_id: str, body: bytes) -> None:
        """In several frames if it is large."""
        connection.events += 1
        parts = [body[at : at + PART_BYTES] for at in range(0, len(body), PART_BYTES)]
        for seq, part in enumerate(parts):
            headers = {
                "type": "event",
                "message_id": message_id,
                "sum": str(len(parts)),
                "seq": str(seq),
                "trace_id": secrets.token_hex(16),
                "timestamp": str(int(time.time() * 1000)),
            }
            frame = Frame(method=DATA, service=SERVICE_ID, headers=headers, payload=part)
            connection.link.send(frame.encode())


@cache
def the_gateway() -> Gateway:
    return Gateway(the_world())


def _asked(request: Request, name: str) -> str:
    return parse_qs(urlsplit(request.path).query).get(name, [""])[0]


def _refusal(link: ServerConnection, headers: dict[str, str]) -> Response:
    response = link.respond(403, "refused\n")
    response.headers.update(headers)
    return response
