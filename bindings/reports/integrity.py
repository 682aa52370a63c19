"""By night each file is read again, the one that was not for longest first: are its bytes still the same?"""

import hashlib
import logging

from django.db.models import F

from bindings.models import ReportFile
from bindings.reports import storage
from hireops.database import clock
from hireops.error_location import error_location

logger = logging.getLogger(__name__)

FILES_A_NIGHT = 2_000
BYTES_A_NIGHT = 4 * 1024**3
PIECE_BYTES = 1024 * 1024


def look_at_files() -> int:
    """How many were read. Ends at the first one that the storage does not give because it is away."""
    looked, size = 0, 0
    kept = ReportFile.objects.filter(emptied_at=None).order_by(F("looked_at").asc(nulls_first=True), "id")
    for report in list(kept[:FILES_A_NIGHT]):
        if size > BYTES_A_NIGHT:
            break
        try:
            intact = _digest(report) == report.sha256
        except FileNotFoundError:
            intact = False
        except Exception as error:  # noqa: BLE001 - each storage has its own errors
            logger.error("the storage of reports could not be read: %s", error_location(error))  # noqa: TRY400
            break
        ReportFile.objects.filter(pk=report.pk, emptied_at=None).update(intact=intact, looked_at=clock.now())
        looked, size = looked + 1, size + report.size
    return looked


def _digest(report: ReportFile) -> str:
    found = hashlib.sha256()
    with storage.opened(report.file.name) as opened:
        for piece in opened.chunks(PIECE_BYTES):
            found.update(piece)
    return found.hexdigest()
