"""What is wrong with a file or with a row of it, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise

from hireops.imports.models import REMARKS, FileImport, ImportedRow, RowState
from hireops.spreadsheets.cells import FAULTS, faults_in_words
from hireops.spreadsheets.errors import reason_unreadable
from hireops.spreadsheets.remarks import in_words as in_sentences


def in_words(row: ImportedRow, texts: Mapping[str, str | Promise]) -> str:
    """All that is wrong with it, from ``texts`` by key, or with its cells; "" if nothing is."""
    faults = {key: row.problem_details[key] for key in row.problems if key in FAULTS}
    told = [str(texts[key]) % row.problem_details for key in row.problems if key in texts]
    return " ".join(filter(None, [faults_in_words(faults), *told]))


def of_the_file(batch: FileImport) -> str:
    """Why the file can't be read; "" if it can."""
    return reason_unreadable(batch.problem, batch.problem_details) if batch.problem else ""


def remarks(batch: FileImport) -> list[str]:
    """What was noticed in the file, and is no problem."""
    return in_sentences(batch.problem_details.get(REMARKS, ()))


def note(row: ImportedRow, key: str, **details: Any) -> None:
    """Something is wrong with the row: the first thing that was found, or one more."""
    also = [*row.problem_details.get("also", []), key] if row.problem else []
    row.state, row.problem = RowState.INVALID, row.problem or key
    row.problem_details = row.problem_details | details | ({"also": also} if also else {})
