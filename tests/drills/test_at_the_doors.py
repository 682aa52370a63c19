"""Slow senders, wrong logins and authentic events at once, with nothing before the web server."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

import requests

from tests.drills.proofs import check_all_arrived
from tests.drills.sender import Sender, balance_events, percentile
from tests.pages import Browser
from tests.processes import Hireops
from tests.selection import also_on_sqlite
from tests.web.callers import slow_callers

TWO_WORKERS = ("--workers", "2")
FEISHU_WAITS_S = 3


class Guesser:
    """A client that tries passwords as fast as it is answered."""

    def __init__(self, web: str, number: int) -> None:
        self.browser = Browser(web)
        self.number = number
        self.answers: Counter[int] = Counter()

    def guess(self) -> None:
        page = self.browser.http.get(urljoin(self.browser.site, "/admin/"), timeout=30)
        if not page.ok:
            self.answers[page.status_code] += 1
            return
        person = f"person-{self.number}"
        form = {"username": person, "login": person, "password": f"wrong {time.monotonic()}"}
        token = {"csrfmiddlewaretoken": self.browser.http.cookies.get("csrftoken", "")}
        answer = self.browser.http.post(page.url, form | token, headers={"Referer": page.url}, timeout=30)
        self.answers[answer.status_code] += 1


@contextmanager
def wrong_logins(web: str, clients: int) -> Iterator[list[Guesser]]:
    over = threading.Event()
    guessers = [Guesser(web, number) for number in range(clients)]

    def go_on(guesser: Guesser) -> None:
        while not over.is_set():
            try:
                guesser.guess()
            except requests.RequestException:
                guesser.answers[0] += 1

    threads = [threading.Thread(target=go_on, args=[guesser]) for guesser in guessers]
    for thread in threads:
        thread.start()
    try:
        yield guessers
    finally:
        over.set()
        for thread in threads:
            thread.join(60)


@also_on_sqlite
def test_slow_senders_and_wrong_logins_at_once_cost_no_event_and_no_answer_its_time(
    hireops: Hireops, seed: int, long: bool
) -> None:
    lasts_s, rate, clients, senders = (60, 50, 32, 300) if long else (6, 25, 16, 40)
    web = hireops.web(*TWO_WORKERS)
    events, _newest = balance_events(rate * lasts_s, seed=seed)
    sender = Sender(web, connections=32)
    probes = []
    with (
        slow_callers(web, senders) as slow,
        wrong_logins(web, clients) as guessers,
        sender.send_in_background(events, rate=rate) as sending,
    ):
        for _ in range(lasts_s):
            probes.append(requests.get(f"{web}/healthz", timeout=10).elapsed.total_seconds())
            time.sleep(1)
        sending.wait(30)
    answers = sum((guesser.answers for guesser in guessers), Counter[int]())
    slowest = max(sender.seconds)
    print(f"events: slowest {slowest:.2f} s, p99 {percentile(sender.seconds, 0.99):.2f} s")  # noqa: T201
    print(f"logins: {dict(answers)}; slow senders cut off: {slow.cut_off}; probes: {max(probes):.2f} s")  # noqa: T201
    assert sender.answers == {200: len(events)}
    assert slowest <= FEISHU_WAITS_S
    assert max(probes) <= FEISHU_WAITS_S
    assert all(guesser.answers for guesser in guessers)  # they were heard, and refused
    assert set(answers) <= {200, 429, 503}
    assert any(answer.startswith(b"HTTP/1.1 408 ") for answer in slow.answers)
    check_all_arrived(hireops, sender)
