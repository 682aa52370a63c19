"""What an uploaded file is, before it is kept: its size, whether it is a PDF, and what a scanner says."""

import json
import logging
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.errors import Refused
from hireops.error_location import error_location
from hireops.invisible import without_invisible

logger = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name("pdf_check.py")
WITHIN_S = 20
WAIT_FOR_TURN_S = 20
LONGEST_NAME = 150
UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|]+')

# Each of them may use a core, and as much memory as pdf_check.py says.
_turns = BoundedSemaphore(2)

SENTENCES: dict[str, str | Promise] = {
    "not_pdf": gettext_lazy(
        "This is not a PDF: its content does not begin as one. Save or print the report as PDF and choose "
        "that file."
    ),
    "cut": gettext_lazy(
        "The file does not end as a PDF does: it was cut off on its way, or something was added after its "
        "end. Save the report as PDF once more."
    ),
    "broken": gettext_lazy(
        "The file begins as a PDF, but what is in it can't be read as one. Save the report as PDF once more."
    ),
    "encrypted": gettext_lazy(
        "The PDF is protected by a password or against printing, so the customer may not be able to open it. "
        "Save it without protection."
    ),
    "too_complex": gettext_lazy(
        "The PDF could not be checked: it needs too much time or memory. Print it as PDF once more, which "
        "makes it simpler."
    ),
    "active": gettext_lazy(
        "The PDF has content that acts by itself or carries other files (%(found)s), which customers' "
        "systems refuse. Print it as PDF once more, without that."
    ),
}


def checked_content(file: Any) -> tuple[bytes, int]:
    """The bytes of a PDF and how many pages it has. Raises ``Refused`` for anything else."""
    content = _read(file)
    verdict = _verdict(content)
    if verdict["verdict"] != "ok":
        raise Refused(SENTENCES[verdict["verdict"]] % {"found": ", ".join(verdict.get("found", []))})
    return content, verdict["pages"]


def scanned(content: bytes) -> str:
    """The scanner that found nothing, "" if there is none. Raises ``Refused`` if it found something."""
    if not settings.REPORT_SCANNER:
        return ""
    try:
        scan: Callable[[bytes], str] = import_string(settings.REPORT_SCANNER)
        found = scan(content)
    except Exception as error:  # noqa: BLE001 - whatever it is
        logger.error("the scanner of reports failed: %s", error_location(error))  # noqa: TRY400 - a trace quotes values
        text = _("The scanner for viruses does not answer, so nothing was kept. Try again in a few minutes.")
        raise Refused(text) from None
    if found:
        raise Refused(_("The scanner found something harmful in the file (%(found)s).") % {"found": found})
    return str(settings.REPORT_SCANNER)


def clean_name(name: str) -> str:
    """As people are shown it and a browser saves it: without folders, and it ends in ``.pdf``."""
    last = without_invisible(unicodedata.normalize("NFC", name)).replace("\\", "/").rpartition("/")[2]
    stem = UNSAFE.sub(" ", last).strip(" .")
    stem = re.sub(r"\.pdf$", "", stem, flags=re.IGNORECASE).strip(" .")[:LONGEST_NAME].strip()
    return f"{stem or 'report'}.pdf"


def _read(file: Any) -> bytes:
    """Not more than may be, whatever the file says of its own size."""
    most = settings.REPORT_MAX_MB * 1024 * 1024
    content = bytearray()
    for piece in file.chunks() if hasattr(file, "chunks") else iter(lambda: file.read(64 * 1024), b""):
        content += piece
        if len(content) > most:
            text = _("The file is larger than %(most)s MB. Save it with smaller pictures, or in parts.")
            raise Refused(text % {"most": settings.REPORT_MAX_MB})
    return bytes(content)


def _verdict(content: bytes) -> dict[str, Any]:
    """What ``pdf_check.py`` says, in a process that knows no secret and is ended if it takes too long."""
    if not _turns.acquire(timeout=WAIT_FOR_TURN_S):
        raise Refused(_("Several files are being checked at this moment. Try again in a few seconds."))
    try:
        done = subprocess.run(  # noqa: S603 - our own program, without a shell
            [sys.executable, "-I", str(PROGRAM)],
            input=content,
            capture_output=True,
            timeout=WITHIN_S,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"verdict": "too_complex"}
    finally:
        _turns.release()
    try:
        verdict: dict[str, Any] = json.loads(done.stdout)
    except ValueError:  # killed by its own limits
        return {"verdict": "too_complex"}
    return verdict
