"""Feishu's side of the wire: signed, encrypted events at a rate of its choice, and what was answered to each.

    events, newest = balance_events(1000, accounts=20)
    sender = Sender("http://127.0.0.1:8000", "http://127.0.0.1:8001", resend=True)
    sender.send(events, rate=200)
    assert set(sender.answers) == {200}

What came of them is compared by ``tests.drills.proofs``.
"""

import heapq
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLContext
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import pytest

from tests.deliveries import ECO_ACCOUNT_CREATED, envelope, sealed

BALANCE_EVENT = "hire.referral_account.assets_update_v1"
WEBHOOK = "/webhook/event"
GIVES_UP_ON_AN_ANSWER_S = 10  # Feishu does so after 3 s; what comes later is to be seen here
RESENDS_AFTER_S = 0.5  # Feishu after 15 s, 5 min, 1 h and 6 h
SOME_MORNING_MS = 1_790_000_000_000
CENT = Decimal("0.01")

Envelope = dict[str, Any]


class Figure(NamedTuple):
    """What is in an account as of ``modify_time`` (ms): amount by asset, none that is zero."""

    modify_time: int
    amounts: dict[str, Decimal]


# --- Events ------------------------------------------------------------------------------------------------


def balance_events(
    count: int, accounts: int = 20, seed: int | None = None
) -> tuple[list[Envelope], dict[str, Figure]]:
    """Balances of ``accounts`` new accounts in the order of their times, and the newest of each by its id."""
    draw = random.Random(seed)
    first_id = uuid.uuid4().int % 10**18
    newest: dict[str, Figure] = {}
    events = []
    for number in range(count):
        account_id = str(7 * 10**18 + first_id + draw.randrange(accounts))
        figure = Figure(SOME_MORNING_MS + number, _some_amounts(draw))
        newest[account_id] = figure
        events.append(balance_event(account_id, figure))
    return events, newest


def _some_amounts(draw: random.Random) -> dict[str, Decimal]:
    amounts = {
        "points": Decimal(draw.randrange(1000)),
        "CNY": draw.randrange(10_000_000) * CENT,
        "USD": draw.choice([0, draw.randrange(1, 100)]) * CENT,
    }
    return {asset: amount for asset, amount in amounts.items() if amount}


def balance_event(account_id: str, figure: Figure) -> Envelope:
    cash = [
        {"currency_type": asset, "amount": float(amount)}  # of so few digits its text is exact
        for asset, amount in figure.amounts.items()
        if asset != "points"
    ]
    bonus = {"point_bonus": int(figure.amounts.get("points", 0)), "cash_bonus": cash}
    assets = {"confirmed_bonus": bonus}
    return envelope(
        BALANCE_EVENT,
        {"account_id": account_id, "assets": assets, "modify_time": str(figure.modify_time)},
        create_time=str(figure.modify_time),
    )


def binding_events(count: int) -> list[Envelope]:
    """Each binds an account of its own."""
    first_id = uuid.uuid4().int % 10**18
    return [
        envelope(
            ECO_ACCOUNT_CREATED,
            {
                "account_id": str(6 * 10**18 + first_id + number),
                "scope": 1,
                "account_name": f"客户{number}",
                "usage_list": [1],
                "custom_field_list": [],
            },
        )
        for number in range(count)
    ]


def id_of(event: Envelope) -> str:
    return str(event["header"]["event_id"])


def percentile(seconds: Sequence[float], share: float) -> float:
    """The time that ``share`` (0.99) of the answers did not exceed."""
    in_order = sorted(seconds)
    return in_order[min(int(len(in_order) * share), len(in_order) - 1)]


# --- Sending -----------------------------------------------------------------------------------------------


class Answer(NamedTuple):
    event_id: str
    status: int  # 0: none
    at: float  # time.monotonic() when the delivery was due
    seconds: float  # from then to the end of the answer
    took: float  # of these, since one of our connections was free to send it

    @property
    def sent_at(self) -> float:
        return self.at + self.seconds - self.took


@dataclass(order=True)
class Delivery:
    """``due`` by ``time.monotonic()``."""

    due: float
    number: int
    event: Envelope = field(compare=False)


class Sender:
    """Posts events to web servers as Feishu does, each over a connection of its own, and notes the answers.

    With ``resend``, what was not answered 200 is sent again until it is. The same events come out of
    ``shuffled()`` for the same ``seed``. With a ``key`` that is not the app's, all it sends is forged.
    """

    def __init__(
        self,
        *webs: str,
        connections: int = 8,
        seed: int | None = None,
        resend: bool = False,
        key: str | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        self.webs = webs
        self.tls = tls
        self.connections = connections
        self.resend = resend
        self.key = key
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self.log: list[Answer] = []
        self._random = random.Random(seed)

    @property
    def answers(self) -> Counter[int]:
        """How many by their status; 0 where none came."""
        return Counter(answer.status for answer in self.log)

    @property
    def seconds(self) -> list[float]:
        return [answer.seconds for answer in self.log]

    @property
    def moments(self) -> list[float]:
        """When the deliveries were due (``time.monotonic()``), in the order of ``seconds``."""
        return [answer.at for answer in self.log]

    def between(self, start: float, end: float) -> list[Answer]:
        """The answers to deliveries that were due in that span of ``time.monotonic()``."""
        return [answer for answer in self.log if start <= answer.at < end]

    def shuffled(self, events: Iterable[Envelope], copies: int = 1) -> list[Envelope]:
        """Each event ``copies`` times, in an order that only the seed knows."""
        deck = [event for event in events for _ in range(copies)]
        self._random.shuffle(deck)
        return deck

    def send(self, events: Iterable[Envelope], *, rate: float | None = None, at_once: bool = False) -> None:
        """Returns when all are answered; with ``resend``, when all are answered 200.

        ``rate`` events are due each second whatever the servers do; without it, as fast as ``connections``
        allow. The servers take turns; ``at_once``, each gets every event at the same instant.
        """
        self.send_in_background(events, rate=rate, at_once=at_once).wait()

    def send_in_background(
        self, events: Iterable[Envelope], *, rate: float | None = None, at_once: bool = False
    ) -> "Sending":
        return Sending(self, events, rate=rate, at_once=at_once)

    def post(self, delivery: Delivery, sealed_event: tuple[bytes, dict[str, str]], web: str) -> bool:
        """Whether it was answered 200."""
        body, headers = sealed_event
        event_id = id_of(delivery.event)
        self.sent.add(event_id)
        begun = time.monotonic()
        status = _status_of_answer(web, body, headers, self.tls)
        ended = time.monotonic()
        self.log.append(Answer(event_id, status, delivery.due, ended - delivery.due, ended - begun))
        if status == 200:
            self.acknowledged.add(event_id)
        return status == 200


def _status_of_answer(web: str, body: bytes, headers: dict[str, str], tls: SSLContext | None) -> int:
    address = urlsplit(web)
    more = {"Content-Type": "application/json", "Connection": "close"}
    to, timeout = (address.hostname or "", address.port), GIVES_UP_ON_AN_ANSWER_S
    link = HTTPSConnection(*to, timeout=timeout, context=tls) if tls else HTTPConnection(*to, timeout=timeout)
    with closing(link):
        try:
            link.request("POST", WEBHOOK, body, headers | more)
            with link.getresponse() as answer:
                answer.read()
                return answer.status
        except (OSError, HTTPException):
            return 0


class Sending:
    """Deliveries under way. As a context it ends them with the block."""

    def __init__(
        self, sender: Sender, events: Iterable[Envelope], *, rate: float | None, at_once: bool
    ) -> None:
        self._sender, self._at_once = sender, at_once
        self._fresh = self._in_turn(events, rate)
        self._waiting: list[Delivery] = []  # those to be sent again, and the next fresh one
        self._under_way = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._draw_fresh()
        lanes = max(sender.connections // (len(sender.webs) if at_once else 1), 1)
        self._ends: list[Future[None]] = [Future() for _ in range(lanes)]
        for end in self._ends:
            threading.Thread(target=self._run, args=[end], daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """What is under way is still answered; the rest is not sent."""
        self._stopped.set()
        self.wait(2 * GIVES_UP_ON_AN_ANSWER_S)

    def wait(self, seconds: float | None = None) -> None:
        """Until all is sent; the test fails if that takes longer than ``seconds``."""
        deadline = time.monotonic() + seconds if seconds is not None else None
        for end in self._ends:
            try:
                end.result(deadline - time.monotonic() if deadline else None)
            except TimeoutError:
                missing = len(self._sender.sent - self._sender.acknowledged)
                pytest.fail(f"{missing} events are still not acknowledged: {self._sender.answers}")

    def _in_turn(self, events: Iterable[Envelope], rate: float | None) -> Iterator[Delivery]:
        start = time.monotonic()
        for number, event in enumerate(events):
            yield Delivery(start + number / rate if rate else time.monotonic(), number, event)

    def _draw_fresh(self) -> None:
        self._next_fresh = next(self._fresh, None)
        if self._next_fresh:
            heapq.heappush(self._waiting, self._next_fresh)

    def _take(self) -> Delivery | None:
        """The next that is due, perhaps in a while. None: all is done."""
        while not self._stopped.is_set():
            with self._lock:
                if self._waiting:
                    delivery = heapq.heappop(self._waiting)
                    if delivery is self._next_fresh:
                        self._draw_fresh()
                    self._under_way += 1
                    return delivery
                if not self._under_way:
                    return None
            self._stopped.wait(0.02)  # those under way may have to be sent again
        return None

    def _run(self, end: Future[None]) -> None:
        try:
            self._run_lane()
        except BaseException as error:  # noqa: BLE001 - it is raised where the end is waited for
            self._stopped.set()
            end.set_exception(error)
        else:
            end.set_result(None)

    def _run_lane(self) -> None:
        with ExitStack() as stack:
            lanes = ThreadPoolExecutor(len(self._sender.webs))
            all_at_once = stack.enter_context(lanes).map if self._at_once else map
            while delivery := self._take():
                sealed_event = sealed(delivery.event, self._sender.key)
                self._stopped.wait(max(delivery.due - time.monotonic(), 0))
                webs = self._sender.webs  # a drill may take one out, and put it back
                turn = delivery.number % len(webs)
                targets = webs if self._at_once else webs[turn : turn + 1]
                post = partial(self._sender.post, delivery, sealed_event)
                is_done = all(list(all_at_once(post, targets)))
                self._settle(delivery, is_done=is_done)

    def _settle(self, delivery: Delivery, *, is_done: bool) -> None:
        with self._lock:
            self._under_way -= 1
            if not is_done and self._sender.resend:
                # By another number, it is another server's turn.
                again = Delivery(time.monotonic() + RESENDS_AFTER_S, delivery.number + 1, delivery.event)
                heapq.heappush(self._waiting, again)
