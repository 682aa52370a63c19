"""Asking for a list as staff do, and reading the file that comes of it."""

import csv
import io
from typing import Any
from urllib.parse import urlencode

import openpyxl
from django.test import Client
from django.urls import reverse

from hireops.exports.models import Export
from tests.long_work import work

ACCOUNTS = "referrals.referralaccount"


def ask_page(listed: str = ACCOUNTS, **filters: str) -> str:
    page = reverse("admin:exports_export_ask", args=listed.split("."))
    return f"{page}?{urlencode(filters)}" if filters else page


def ask(browser: Client, listed: str = ACCOUNTS, *, at: str = "", **form: str) -> Export:
    """The export that the page at this address leads to."""
    answer = browser.post(at or ask_page(listed), {"file_format": "csv", **form})
    assert answer.status_code == 302, answer.content.decode()
    return Export.objects.get(pk=int(answer["Location"].split("/")[-3]))


def download(browser: Client, export: Export) -> Any:
    return browser.post(reverse("admin:exports_export_download", args=[export.pk]))


def content(browser: Client, export: Export) -> bytes:
    answer = download(browser, export)
    assert answer.status_code == 200, answer
    found: bytes = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(found)
    return found


def table(browser: Client, export: Export) -> list[dict[str, str]]:
    """The rows of a CSV file by the names of its columns."""
    return list(csv.DictReader(io.StringIO(content(browser, export).decode("utf-8-sig"))))


def exported(browser: Client, listed: str = ACCOUNTS, *, at: str = "", **form: str) -> list[dict[str, str]]:
    """The rows of a list, from asking to downloading."""
    export = ask(browser, listed, at=at, **form)
    work()
    return table(browser, export)


def book(browser: Client, export: Export) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content(browser, export)))
