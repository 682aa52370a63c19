"""How the storage of reports is, as figures. A bucket is asked by the clock, never by a page."""

import logging
import shutil
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.reports import storage
from hireops.database import clock
from hireops.desk import heartbeats
from hireops.desk.display import duration
from hireops.desk.health import Figure, Metric, Section
from hireops.desk.models import Heartbeat
from hireops.desk.states import Tone
from hireops.error_location import error_location

logger = logging.getLogger(__name__)

REACHED = Metric("report_storage_reached_seconds", "Seconds since the storage of reports last answered.")
FREE = Metric("report_storage_free_bytes", "Free bytes where reports are kept; none for a bucket.")

STORAGE = "report_storage"
AWAY_AFTER = timedelta(minutes=20)
LITTLE_BYTES, TOO_LITTLE_BYTES = 2 * 1024**3, 256 * 1024**2


def reach_storage() -> None:
    try:
        storage.reports().exists("reached")
    except Exception as error:  # noqa: BLE001 - each storage has its own errors
        logger.warning("the storage of reports does not answer: %s", error_location(error))
    else:
        heartbeats.beat(STORAGE)


def report_storage() -> Section:
    if settings.REPORTS_STORAGE == "folder":
        return Section(gettext_lazy("Storage of reports"), [_free()])
    return Section(gettext_lazy("Storage of reports"), [_reached()])


def _free() -> Figure:
    free = shutil.disk_usage(Path(settings.REPORTS_FOLDER)).free
    tone: Tone = "bad" if free < TOO_LITTLE_BYTES else "warn" if free < LITTLE_BYTES else "ok"
    note = "" if tone == "ok" else _("Soon no report can be uploaded. Make room, or move VAR_DIR.")
    shown = _("%(size).1f GB") % {"size": free / 1024**3}
    return Figure(FREE, gettext_lazy("Free space"), free, shown, note, tone)


def _reached() -> Figure:
    last = Heartbeat.objects.filter(name=STORAGE).values_list("at", flat=True).first()
    age = clock.now() - last if last else None
    away = age is None or age > AWAY_AFTER
    return Figure(
        REACHED,
        gettext_lazy("The bucket last answered"),
        age.total_seconds() if age else None,
        _("%(age)s ago") % {"age": duration(age)} if age is not None else _("never"),
        _("Reports can't be uploaded or fetched. Check the settings REPORTS_S3_… and the network.")
        if away
        else "",
        "bad" if away else "ok",
    )
