"""Where report files lie: ``STORAGES["reports"]``, a folder of hireops' own or a private bucket."""

import secrets
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils import timezone


def reports() -> Storage:
    return storages["reports"]


def random_name(_file: Any, _name: str) -> str:
    """Says nothing of the file and is never given again."""
    return f"{timezone.now():%Y/%m}/{secrets.token_hex(16)}.pdf"


def opened(name: str | None) -> File:  # type: ignore[type-arg]  # it takes none at run time
    """The bytes that lie there under this name."""
    return reports().open(name or "", "rb")
