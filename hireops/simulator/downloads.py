"""Reports as the customer's Feishu fetches them: a link of type 1 is a PDF that can be downloaded (4.7, 5.5).

When the real one does that is not documented: ``Switches.fetch_reports`` says at once, or when the customer
opens it. Only this machine is asked, whatever a link says.
"""

import threading
from collections.abc import Iterator
from ipaddress import ip_address
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests

from hireops.simulator.api.answers import Json
from hireops.simulator.records import CustomerOrder, Download, Exam
from hireops.simulator.world import World

MOST_BYTES = 64 * 1024 * 1024
CONNECT_S, READ_S, WITHIN_S = 3.0, 5.0, 20.0
PAGE = 2  # report_url_type of a page to look at
PIECE_BYTES = 64 * 1024


def reports_of(body: Json) -> list[dict[str, Any]]:
    """``[{name, url, is_page}]`` of what a partner has reported, of a check or an exam."""
    listed = body.get("report_file_list") or body.get("report_list") or []
    return [
        {
            "name": each.get("report_name") or each.get("name", ""),
            "url": each.get("report_url") or each.get("url", ""),
            "is_page": each.get("report_url_type") == PAGE,
        }
        for each in listed
    ]


def reported(world: World, body: Json) -> None:
    """A partner has reported something. Callers hold the lock, so another thread fetches what is at once."""
    if world.state.switches.fetch_reports != "at_once":
        return
    urls = [each["url"] for each in reports_of(body) if not each["is_page"]]
    for url in urls:
        threading.Thread(target=fetch, args=(world, url), daemon=True).start()


def fetch(world: World, url: str) -> Download:
    """What the customer gets who opens this report now; ``ValueError`` for one that nobody has reported."""
    with world.lock:
        if url not in {each["url"] for body in _bodies(world) for each in reports_of(body)}:
            raise ValueError("No report has this address.")
        at = world.clock.now()
    found = _fetched(url, at) if _is_here(url) else Download(url, at, note="elsewhere")
    with world.lock:
        world.state.downloads[url] = found
        world.changed()
    return found


def _bodies(world: World) -> Iterator[Json]:
    for order in world.state.orders.values():
        yield from bodies_of(order)
    for exam in world.state.exams.values():
        yield from bodies_of(exam)


def bodies_of(ordered: CustomerOrder | Exam) -> list[Json]:
    """What was reported of it, oldest first."""
    if isinstance(ordered, Exam):
        return [ordered.result]
    return [*ordered.stages, *ordered.results_before, ordered.result]


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _fetched(url: str, at: float) -> Download:
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(
                url,
                timeout=(CONNECT_S, READ_S),
                stream=True,
                allow_redirects=False,
                headers={"User-Agent": "Feishu simulator"},
            ) as answer:
                return _read(url, at, answer)
    except (requests.RequestException, OSError) as error:
        return Download(url, at, note=type(error).__name__)


def _read(url: str, at: float, answer: requests.Response) -> Download:
    begins, size, ends_at = b"", 0, monotonic() + WITHIN_S
    for piece in answer.iter_content(PIECE_BYTES):
        begins = begins or bytes(piece[:5])
        size += len(piece)
        if size > MOST_BYTES or monotonic() > ends_at:
            return Download(url, at, answer.status_code, size, note="too long")
    is_pdf = answer.status_code == requests.codes.ok and begins == b"%PDF-"
    return Download(url, at, answer.status_code, size, is_pdf=is_pdf)
