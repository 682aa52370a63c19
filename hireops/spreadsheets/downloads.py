"""Tables as downloads."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from django.http import FileResponse, Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, override

from hireops.spreadsheets.writing import write_csv, write_xlsx

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

Given = TypeVar("Given")


def as_file(rows: Iterator[Sequence[str]], kind: str, name: str) -> HttpResponseBase:
    """The rows as a download. ``Http404`` for a kind that is neither CSV nor XLSX."""
    if kind not in CONTENT_TYPES:
        raise Http404
    response: HttpResponseBase
    if kind == "csv":
        response = StreamingHttpResponse(write_csv(rows), content_type=CONTENT_TYPES[kind])
    else:
        response = FileResponse(write_xlsx({name: rows}), content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["Cache-Control"] = "no-store"
    return response


def in_this_language(text: Callable[[Given], str]) -> Callable[[Given], str]:
    """A stream is written after the request has ended, and its reader's language with it."""
    language = get_language()

    def in_language(given: Given) -> str:
        with override(language):
            return text(given)

    return in_language
