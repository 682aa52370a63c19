"""Files that are no table, whatever they are called, recognised by what they hold."""

import zipfile
from collections.abc import Collection

from hireops.spreadsheets.errors import UnreadableFileError

# By their first bytes: the keys are those of ``errors``.
SIGNATURES = {
    b"\x89PNG\r\n": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"BM": "picture",
    b"II*\0": "picture",
    b"MM\0*": "picture",
    b"%PDF": "pdf",
}
LONGEST_SIGNATURE = 12
# By the name of a part of an archive.
PARTS = {"xl/workbook.bin": "binary_excel", "content.xml": "opendocument"}
MARKUP = (
    "<!doctype",
    "<html",
    "<head",
    "<body",
    "<meta",
    "<style",
    "<table",
    "<?xml",
    "<script",
    "<div",
    "<!--",
)
WEB_ARCHIVE = "mime-version:"


def refuse_signature(head: bytes) -> None:
    """``head`` are the first bytes of a file that is no archive."""
    for signature, key in SIGNATURES.items():
        if head.startswith(signature) and (signature != b"BM" or b"\0" in head):
            raise UnreadableFileError(key)
    if head.startswith(b"RIFF") and head.endswith(b"WEBP"):
        raise UnreadableFileError("picture")


def refuse_archive(parts: Collection[zipfile.ZipInfo]) -> None:
    names = {part.filename for part in parts}
    for name, key in PARTS.items():
        if name in names:
            raise UnreadableFileError(key)


def refuse_markup(text: str) -> None:
    if text.lstrip("\ufeff \t\r\n").lower().startswith((*MARKUP, WEB_ARCHIVE)):
        raise UnreadableFileError("web_page")
