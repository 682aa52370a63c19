"""gunicorn's threaded worker, in which no thread ever waits for a caller (decisions/0019).

Its main loop reads what comes over all connections, and gives a request to a thread of its pool when it is
wholly there. So whoever sends slowly, or nothing, costs a socket until his time is over, and no thread.
Feishu's deliveries have one thread, which takes all that are there at once (decisions/0046). The rest
(processes, parsing, answering) is gunicorn's own.
"""

import errno
import selectors
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any, NamedTuple

from gunicorn.http import wsgi
from gunicorn.workers.gthread import ThreadWorker

from hireops.web.arrival import Arrival, Stage
from hireops.web.connection import Connection, Waiting, piece_of
from hireops.web.deliveries import Answer, Delivery, Together
from hireops.web.pools import Pools

REQUEST_WITHIN_S = 5.0  # from the connection, or the first byte after an earlier request, to the last byte
IN_HAND_S = 60.0  # as long as a proxy waits for an answer; also for who reads it slowly, or uploads slowly
LEAVE_WITHIN_S = 2.0
WAITING_MAX = 500
HELD_MAX_BYTES = 32 * 1024 * 1024
DISCARDED_MAX_BYTES = 16 * 1024 * 1024  # a browser reads an answer when it has sent its file
NO_MORE_SOCKETS = {errno.EMFILE, errno.ENFILE}
NOTHING_THERE = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def _plain_answer(status: str, chinese: str, english: str) -> bytes:
    """Of the main loop itself, which knows no language and no template."""
    text = f"{chinese}\n{english}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(text)}\r\n"
    return f"{head}Retry-After: 3\r\nConnection: close\r\n\r\n".encode() + text


BROKEN_OFF = _plain_answer("400 Bad Request", "请求不完整。", "The request is not complete.")
TOO_LATE = _plain_answer("408 Request Timeout", "请求来得太慢。", "The request did not come in time.")
REFUSALS = {
    Stage.TOO_LONG: _plain_answer(
        "431 Request Header Fields Too Large", "请求头太长。", "The head is too long."
    ),
    Stage.TOO_LARGE: _plain_answer("413 Content Too Large", "请求内容太大。", "The body is too large."),
}
FULL = _plain_answer(
    "503 Service Unavailable",
    "hireops 此刻太忙，什么都没有保存。请等几秒再试。",
    "hireops is too busy at this moment, and nothing was saved. Wait a few seconds and try again.",
)


class Asked(NamedTuple):
    """A delivery with what gunicorn has made of its request."""

    conn: Connection
    request: Any
    response: Any
    delivery: Delivery


class DoorWorker(ThreadWorker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept, self.arriving, self.leaving, self.in_hand = Waiting(), Waiting(), Waiting(), Waiting()
        self.held_bytes = 0
        self.limits: tuple[tuple[Waiting, float, Callable[[Connection], None]], ...] = (
            (self.kept, self.cfg.keepalive, self.part),
            (self.arriving, REQUEST_WITHIN_S, self.give_up),
            (self.leaving, LEAVE_WITHIN_S, self.part),
            (self.in_hand, IN_HAND_S, self.cut_off),
        )

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        super().check_config(cfg, log)
        if cfg.is_ssl or cfg.http2_cleartext != "off" or cfg.proxy_protocol != "off":
            raise RuntimeError("hireops speaks plain HTTP/1.1: leave TLS and HTTP/2 to a proxy before it")

    def get_thread_pool(self) -> Pools:
        self.deliveries = Together(self.handle_deliveries)
        return Pools(self.cfg.threads)

    # --- A connection comes

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in NO_MORE_SOCKETS:
                self.make_room(at_least=1)
            elif error.errno not in NOTHING_THERE:
                raise
            return
        self.nr_conns += 1
        self.await_request(Connection(self.cfg, sock, client, listener.getsockname()))
        self.make_room()

    def await_request(self, conn: Connection) -> None:
        self.wait(conn, self.arriving, self.on_readable)

    def wait(self, conn: Connection, state: Waiting, on_readable: Callable[[Connection, Any], None]) -> None:
        conn.since = monotonic()
        conn.sock.settimeout(0)
        state[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(on_readable, conn))

    def stop_waiting(self, conn: Connection) -> None:
        for state in (self.kept, self.arriving, self.leaving):
            if conn in state:
                del state[conn]
                self.poller.unregister(conn.sock)
                self.held_bytes -= len(conn.arrival.data)

    def make_room(self, at_least: int = 0) -> None:
        """Whoever has waited for longest goes: an event of Feishu waits for milliseconds."""
        states = (self.kept, self.arriving, self.leaving)
        too_many = max(sum(map(len, states)) - WAITING_MAX, at_least)
        for _ in range(too_many):
            if longest := min(filter(None, (state.oldest() for state in states)), key=_since, default=None):
                self.stop_waiting(longest)
                self.part(longest)
        while self.held_bytes > HELD_MAX_BYTES and (longest := self.arriving.oldest()):
            self.stop_waiting(longest)
            self.part(longest)

    # --- A request comes

    def on_readable(self, conn: Connection, _sock: Any) -> None:
        piece = piece_of(conn.sock)
        if piece is None:
            return
        if conn in self.kept:
            self.stop_waiting(conn)
            if piece:
                self.await_request(conn)
            else:
                self.part(conn)
                return
        self.held_bytes += len(piece)
        stage = conn.arrival.add(piece)
        if not piece:
            self.stop_waiting(conn)
            self.refuse(conn, answer=BROKEN_OFF)
        elif stage not in {Stage.HEAD, Stage.BODY}:
            self.stop_waiting(conn)
            self.enqueue_req(conn)
        else:
            self.encourage(conn)
            self.make_room()

    def encourage(self, conn: Connection) -> None:
        if conn.arrival.stage is Stage.BODY and conn.arrival.expects_continue:
            conn.arrival.expects_continue = False
            with suppress(OSError):
                conn.sock.send(CONTINUE)

    def enqueue_req(self, conn: Connection) -> None:
        pool = conn.arrival.pool
        if answer := REFUSALS.get(conn.arrival.stage):
            self.refuse(conn, answer=answer)
        elif self.tpool.is_full(pool):
            self.refuse(conn, answer=FULL)
        else:
            self.take_in_hand(conn)

    def take_in_hand(self, conn: Connection) -> None:
        is_delivery = conn.arrival.is_delivery
        conn.hand_over()
        conn.since = monotonic()
        self.in_hand[conn] = None
        self.tpool.begin(conn.arrival.pool)
        if is_delivery:
            self.deliveries.give(conn)
        else:
            handled = self.tpool.submit(conn.arrival.pool, self.handle, conn)
            handled.add_done_callback(partial(self.method_queue.defer, self.finish_request, conn))

    # --- Deliveries of Feishu, in their thread

    def handle_deliveries(self, conns: list[Connection]) -> None:
        staying: set[Connection] = set()
        try:
            asked = [one for conn in conns if (one := self.read_delivery(conn))]
            answers = self.wsgi.answer_deliveries([one.delivery for one in asked])
            staying.update(
                one.conn for one, answer in zip(asked, answers, strict=True) if self.answer(one, answer)
            )
        finally:
            self.method_queue.defer(self.finish_deliveries, conns, staying)

    def read_delivery(self, conn: Connection) -> Asked | None:
        """Nothing of it is awaited: all has come, and an answer that finds no room is for nobody."""
        conn.sock.settimeout(0)
        try:
            request: Any = next(conn.parser)
            request._expected_100_continue = False  # noqa: SLF001 - it was told to go on, and has
            response, environ = wsgi.create(request, conn.sock, conn.client, conn.server, self.cfg)
            return Asked(conn, request, response, Delivery(environ, request.body.read(), conn.since))
        except (OSError, StopIteration):
            return None
        except Exception as error:  # noqa: BLE001 - whatever gunicorn finds wrong with it, it says itself
            self.handle_error(None, conn.sock, conn.client, error)
            return None

    def answer(self, asked: Asked, answer: Answer) -> bool:
        """Whether another request may follow."""
        response = asked.response
        if not (self.alive and self.cfg.keepalive):
            response.force_close()
        length = str(len(answer.content))
        fields = [("Content-Type", "application/json"), ("Content-Length", length)]
        try:
            response.start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", fields)
            response.write(answer.content)
            response.close()
        except OSError:
            return False
        took = timedelta(seconds=monotonic() - asked.conn.since)
        self.log.access(response, asked.request, asked.delivery.meta, took)
        return not response.should_close()

    def finish_deliveries(self, conns: list[Connection], staying: set[Connection]) -> None:
        for conn in conns:
            self.finish(conn, stays=conn in staying)

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """In a thread, as all that gunicorn does with a request."""
        if conn.arrival.stage is Stage.WHOLE:
            req._expected_100_continue = False  # noqa: SLF001 - it was told to go on, and has
        else:
            req.force_close()  # where the next request would begin is not known
        return bool(super().handle_request(req, conn))

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:  # noqa: FBT001 - gunicorn's signature
        """Nobody waits for what is left of a body that was not worth waiting for."""
        return conn.arrival.stage is Stage.WHOLE and bool(super()._keepalive_after(conn, keepalive))

    def finish_request(self, conn: Connection, handled: "Future[bool]") -> None:
        is_answered = not (handled.cancelled() or handled.exception())
        self.finish(conn, stays=is_answered and handled.result())

    def finish(self, conn: Connection, *, stays: bool) -> None:
        del self.in_hand[conn]
        self.tpool.done(conn.arrival.pool)
        if not stays:
            self.leave(conn)
            return
        conn.arrival = Arrival(bytes(conn.arrival.data))
        if not conn.arrival.data:
            self.wait(conn, self.kept, self.on_readable)
        elif conn.arrival.stage in {Stage.HEAD, Stage.BODY}:
            self.held_bytes += len(conn.arrival.data)
            self.await_request(conn)
        else:
            self.enqueue_req(conn)

    # --- A connection goes

    def refuse(self, conn: Connection, *, answer: bytes) -> None:
        with suppress(OSError):
            conn.sock.settimeout(0)
            conn.sock.send(answer)
        self.leave(conn)

    def give_up(self, conn: Connection) -> None:
        """A browser that has connected ahead of need, and asked for nothing, is told nothing."""
        if conn.arrival.data:
            self.refuse(conn, answer=TOO_LATE)
        else:
            self.part(conn)

    def leave(self, conn: Connection) -> None:
        """Reads on for a moment: what is closed unread takes the answer with it (RFC 9112, 9.6)."""
        conn.arrival = Arrival()
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.part(conn)
        else:
            self.wait(conn, self.leaving, self.discard)

    def discard(self, conn: Connection, _sock: Any) -> None:
        piece = piece_of(conn.sock)
        if piece is None:
            return
        conn.discarded += len(piece)
        if not piece or conn.discarded > DISCARDED_MAX_BYTES:
            self.stop_waiting(conn)
            self.part(conn)

    def part(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()

    def cut_off(self, conn: Connection) -> None:
        """Its thread then reads and writes nothing more, and comes back."""
        self.in_hand[conn] = None
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_RDWR)

    # --- Time passes; gunicorn's main loop calls these

    def murder_pending(self) -> None:
        now = monotonic()
        for state, within_s, end in self.limits:
            while (conn := state.oldest()) and now > conn.since + within_s:
                self.stop_waiting(conn)
                state.pop(conn, None)
                conn.since = now
                end(conn)

    def murder_keepalived(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - gunicorn's signature
        """A worker that stops does not wait long for who has not begun, and in the end for nobody."""
        idle = [conn for conn in self.arriving if not conn.arrival.data] if not self.alive else []
        begun_before = monotonic() - LEAVE_WITHIN_S
        for conn in [*self.kept] if force else [each for each in idle if each.since < begun_before]:
            self.stop_waiting(conn)
            self.part(conn)


def _since(conn: Connection) -> float:
    return conn.since
