from io import BytesIO
from urllib.parse import urlsplit

import pytest

from bindings.reports import sending, services
from tests.bindings.reports.pdfs import pdf


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """A folder of its own for the files of each test."""
    options = settings.STORAGES["reports"]["OPTIONS"] | {"location": tmp_path}
    settings.STORAGES = settings.STORAGES | {
        "reports": settings.STORAGES["reports"] | {"OPTIONS": options},
    }
    settings.PUBLIC_URL = "https://reports.example.com"
    return tmp_path


@pytest.fixture
def keep(vera):
    """``keep()``: vera has uploaded a report."""

    def keep(content=None, name="张三 背调报告.pdf"):
        return services.keep(BytesIO(pdf() if content is None else content), name, by=vera)

    return keep


@pytest.fixture
def link(keep):
    return services.make_link(keep())


def path_of(link):
    return urlsplit(sending.address_of(link)).path


def content_of(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content
