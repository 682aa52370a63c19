"""What is wrong with a file or with a row of it, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from hireops.imports.models import REMARKS, FileImport, ImportedRow, RowState
from hireops.spreadsheets.errors import reason_unreadable
from hireops.spreadsheets.remarks import in_words as in_sentences


def in_words(row: ImportedRow, texts: Mapping[str, str | Promise]) -> str:
    """All that is wrong with it, from ``texts`` by key; "" if nothing is."""
    return " ".join(str(texts[key]) % row.problem_details for key in row.problems if key in texts)


def of_the_file(batch: FileImport) -> str:
    """Why the file can't be read; "" if it can."""
    if batch.problem == "no_rows":
        return _("The file has no rows besides its header.")
    if batch.problem == "no_header":
        return _(
            "None of the first rows of the file names its columns, or one that is needed is missing. Nothing "
            "was read. Take the empty file of the upload page, fill it in and upload that."
        )
    return reason_unreadable(batch.problem, batch.problem_details) if batch.problem else ""


def remarks(batch: FileImport) -> list[str]:
    """What was noticed in the file, and is no problem."""
    return in_sentences(batch.problem_details.get(REMARKS, ()))


def note(row: ImportedRow, key: str, **details: Any) -> None:
    """Something is wrong with the row: the first thing that was found, or one more."""
    also = [*row.problem_details.get("also", []), key] if row.problem else []
    row.state, row.problem = RowState.INVALID, row.problem or key
    row.problem_details = row.problem_details | details | ({"also": also} if also else {})
