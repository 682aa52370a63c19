"""Reports as Feishu wants them, at the moment a call leaves (contract 4.7, 4.8, 5.5).

What is stored of a call names links by their row, so that no address of a report lies in a call, a task or a
log. Before Feishu hears of one, hireops fetches it itself: Feishu asks at once, and shows nothing of a result
whose report it could not get.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Literal

from django.conf import settings
from django.utils.translation import gettext_noop

from bindings.models import ReportLink
from bindings.reports.services import is_good
from bindings.reports.views import OWN_LOOK, own_look
from hireops.database import clock
from hireops.encryption import decrypt
from hireops.outbox.try_errors import NotReadyError
from hireops.web.own_address import NO_ANSWER, ask_own_address
from hireops.web.pools import REPORT_PATHS

CHECKED_FOR = timedelta(minutes=10)
BEGINS = b"%PDF-"

NO_PUBLIC_URL = gettext_noop(
    "hireops does not know its own address on the internet, so Feishu could not fetch the report. Whoever "
    "looks after hireops sets PUBLIC_URL."
)
NOT_REACHED = gettext_noop(
    "hireops could not fetch the report from its own public address, so Feishu could not either. Whoever "
    "looks after hireops checks PUBLIC_URL, its name, certificate and proxy."
)
OTHER_ANSWER = gettext_noop(
    "The public address of hireops answers, but not with the report. Whoever looks after hireops checks that "
    "PUBLIC_URL leads here and that the proxy passes on /reports/."
)
LINK_ENDED = gettext_noop(
    "The link to a report has ended or was withdrawn. End this message and send the report once more."
)
KEY_GONE = gettext_noop(
    "The link to a report can't be read any more, because SECRET_KEY was changed. End this message and send "
    "the report once more."
)


@dataclass(frozen=True, slots=True)
class Address:
    """``type``: 1 for a PDF that can be downloaded, 2 for a page to look at."""

    name: str
    url: str
    type: Literal[1, 2]


def as_sent(reports: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """``report_file_list`` of a background check. Takes seconds: call it outside any transaction.

    ``reports`` are ``{"name", "link": pk}`` or ``{"name", "url", "type"}``. Raises ``FeishuError`` with
    ``NOT_SENT`` if Feishu could not fetch one of them now.
    """
    return [
        {"report_name": each.name, "report_url": each.url, "report_url_type": each.type}
        for each in addresses(reports)
    ]


def addresses(reports: Iterable[Mapping[str, Any]]) -> list[Address]:
    """The same for other shapes, such as ``report_list`` of an exam."""
    return [
        _own(each["name"], each["link"])
        if "link" in each
        else Address(each["name"], each["url"], each.get("type", 1))
        for each in reports
    ]


def address_of(link: ReportLink) -> str:
    """By which the file is fetched; "" if nobody knows it: no public address, or the key is gone."""
    token = decrypt(link.token)
    return f"{settings.PUBLIC_URL}{REPORT_PATHS}{token}" if token and settings.PUBLIC_URL else ""


def _own(name: str, pk: int) -> Address:
    link = ReportLink.objects.select_related("file").get(pk=pk)
    if not settings.PUBLIC_URL:
        raise NotReadyError(NO_PUBLIC_URL)
    if not is_good(link):
        raise NotReadyError(LINK_ENDED)
    url = address_of(link)
    if not url:
        raise NotReadyError(KEY_GONE)
    _make_sure_it_works(link, url)
    return Address(name, url, 1)


def _make_sure_it_works(link: ReportLink, url: str) -> None:
    """Remembered for a few minutes. Only ever asks our own address: redirects are not followed."""
    if not settings.PUBLIC_URL_CHECK:
        return
    if link.checked_at and link.checked_at > clock.now() - CHECKED_FOR:
        return
    if problem := _problem(link, url):
        raise NotReadyError(problem)
    ReportLink.objects.filter(pk=link.pk).update(checked_at=clock.now())


def _problem(link: ReportLink, url: str) -> str:
    try:
        answer = ask_own_address("GET", url, headers={OWN_LOOK: own_look(link)}, at_most=len(BEGINS))
    except NO_ANSWER:
        return NOT_REACHED
    is_the_file = answer.headers.get("Content-Length") == str(link.file.size)
    if answer.status != HTTPStatus.OK or answer.begins != BEGINS or not is_the_file:
        return OTHER_ANSWER
    return ""
