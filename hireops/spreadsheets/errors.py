"""What is wrong with a file that cannot be read."""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _


class UnreadableFileError(Exception):
    """The file is no table that can be read. ``reason_unreadable(key, details)`` says why, for staff."""

    def __init__(self, key: str, **details: int | list[str]) -> None:
        super().__init__(key)
        self.key = key
        self.details = details


def reason_unreadable(key: str, details: Mapping[str, object]) -> str:
    """Why the file can't be read and what to do, in the reader's language."""
    texts: dict[str, Callable[[], str]] = {
        "empty": lambda: _("The file is empty."),
        "encrypted": lambda: _(
            "The file is protected by a password. Save it without a password and upload it again."
        ),
        "old_excel": lambda: _(
            "This is a file of an old Excel (.xls). Open it, save it as .xlsx or .csv and upload that."
        ),
        "broken_xlsx": lambda: _(
            "The Excel file is damaged or was not transferred completely. Open it in Excel, save it again "
            "as .xlsx and upload that."
        ),
        "unpacks_too_large": lambda: _(
            "The Excel file is small but unpacks into a very large one. Copy the rows that matter into a new "
            "file and upload that."
        ),
        "several_sheets": lambda: _(
            "Several sheets of the file could be meant: “%(names)s”. Upload it again, and write under "
            "“Sheet” which of them is to be read."
        ),
        "no_such_sheet": lambda: _(
            "No sheet of the file is called so. It has: “%(names)s”. Upload it again with one of these names."
        ),
        "binary": lambda: _("This is neither a CSV nor an XLSX file."),
        "opendocument": lambda: _(
            "This is an OpenDocument file (.ods). Open it, save it as .xlsx or .csv and upload that."
        ),
        "binary_excel": lambda: _(
            "This is a binary Excel file (.xlsb). Open it, save it as .xlsx or .csv and upload that."
        ),
        "web_page": lambda: _(
            "This is a web page or an XML file, whatever it is called. Open it in Excel, save it as .xlsx or "
            ".csv and upload that."
        ),
        "picture": lambda: _(
            "This is a picture, and no table can be read from it. Ask for the table as .xlsx or .csv."
        ),
        "pdf": lambda: _(
            "This is a PDF, and no table can be read from it. Ask for the table as .xlsx or .csv."
        ),
        "same_columns": lambda: _(
            "These columns can mean the same: “%(names)s”. It is not guessed which is right. Give the right "
            "one the name that it has in the empty file, or remove the others, and upload the file again."
        ),
        "encoding": lambda: _(
            "The characters of the CSV file can't be read. Save it as “CSV UTF-8” or .xlsx and upload that."
        ),
        "broken_csv": lambda: _(
            "Row %(row)s of the CSV file can't be read: a quotation mark is not closed or a cell is too long."
        ),
        "no_rows": lambda: _("The file has no rows besides its header."),
        "no_header": lambda: _(
            "None of the first rows of the file names its columns, or one that is needed is missing. Nothing "
            "was read. Take the empty file of the upload page, fill it in and upload that."
        ),
        "too_many_rows": lambda: _(
            "The file has more than %(most)s rows. Split it into smaller ones and upload them one by one."
        ),
    }
    text = texts.get(key, lambda: _("The file can't be read."))
    told = {
        name: _("”, “").join(value) if isinstance(value, list) else value for name, value in details.items()
    }
    return text() % told
