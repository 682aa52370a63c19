"""What staff do with reports: keep a file, make a link to it, withdraw a link."""

import hashlib
import logging
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.models import ReportFile, ReportLink
from bindings.reports import storage
from bindings.reports.checking import checked_content, clean_name, scanned
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.encryption import encrypt
from hireops.error_location import error_location

logger = logging.getLogger(__name__)

TOKEN_BYTES = 32
LONGEST_REASON = 1000


def keep(file: Any, name: str, *, by: User) -> ReportFile:
    """Keep an uploaded PDF. ``file`` is read from where it stands.

    Takes seconds and may ask another machine: call it outside any transaction. Raises ``Refused``.
    """
    content, pages = checked_content(file)
    scanned_by = scanned(content)
    place = _store(content)
    try:
        with transaction.atomic(durable=True):
            kept = ReportFile.objects.create(
                name=clean_name(name),
                file=place,
                sha256=hashlib.sha256(content).hexdigest(),
                size=len(content),
                pages=pages,
                scanned_by=scanned_by,
                uploaded_by=by,
            )
            kept.refresh_from_db()
            audit.record(by=by, action=gettext_noop("report uploaded"), on=kept, sha256=kept.sha256)
    except BaseException:
        _remove(place)
        raise
    return kept


def make_link(file: ReportFile, *, days: int | None = None) -> ReportLink:
    """A new link to the file, good for so many days (``REPORT_LINK_DAYS`` if None)."""
    if file.emptied_at:
        raise Refused(_("The file has been removed because its time was over, so there is no link to it."))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return ReportLink.objects.create(
        file=file,
        token=encrypt(token),
        token_digest=digest(token),
        expires_at=clock.now() + timedelta(days=days or settings.REPORT_LINK_DAYS),
    )


def again(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reports of one update for another: the same files by new links, the same addresses."""
    return [
        {**each, "link": make_link(ReportLink.objects.get(pk=each["link"]).file).pk}
        if "link" in each
        else each
        for each in entries
    ]


def renew(link: ReportLink, *, by: User) -> ReportLink:
    """Another link to the same file. The old one stays as it is: it ends by itself or is withdrawn."""
    with transaction.atomic():
        new = make_link(link.file)
        audit.record(by=by, action=gettext_noop("report link made"), on=link.file, link=new.pk)
    return new


def revoke(link: ReportLink, *, by: User, reason: str) -> None:
    """From now on the link answers that it has ended (410), for ever."""
    with transaction.atomic():
        link = ReportLink.objects.select_for_update().get(pk=link.pk)
        if link.revoked_at:
            raise Refused(_("The link has been withdrawn already."))
        link.revoked_at, link.revoked_by = clock.now(), by
        link.revoked_because = reason[:LONGEST_REASON]
        link.save(update_fields=["revoked_at", "revoked_by", "revoked_because"])
        action = gettext_noop("report link withdrawn")
        audit.record(by=by, action=action, on=link.file, reason=reason, link=link.pk)


def is_good(link: ReportLink) -> bool:
    """Whether who opens it now gets the file."""
    return link.revoked_at is None and link.expires_at > clock.now() and link.file.emptied_at is None


def opened(report: ReportFile) -> Any:
    """Its bytes, to be read. Raises ``Refused`` if the storage does not give them."""
    try:
        return storage.opened(report.file.name)
    except Exception as error:  # noqa: BLE001 - each storage has its own errors
        logger.error("a report could not be read: %s", error_location(error))  # noqa: TRY400 - a trace quotes values
        text = _("The storage for reports does not give the file at this moment. Try again in a few minutes.")
        raise Refused(text) from None


def digest(token: str) -> str:
    """A token has 256 random bits: nobody finds it by trying what gives this digest."""
    return hashlib.sha256(token.encode()).hexdigest()


def _store(content: bytes) -> str:
    """Its name in the storage, which nothing else has or ever had."""
    try:
        return storage.reports().save(storage.random_name(None, ""), ContentFile(content))
    except Exception as error:  # noqa: BLE001 - each storage has its own errors
        logger.error("a report could not be stored: %s", error_location(error))  # noqa: TRY400 - a trace quotes values
        text = _(
            "The storage for reports does not answer or is full, so nothing was kept. Try again; if it goes "
            "on, tell whoever looks after hireops."
        )
        raise Refused(text) from None


def _remove(place: str) -> None:
    try:
        storage.reports().delete(place)
    except Exception as error:  # noqa: BLE001 - the reason why it is not wanted is what matters
        logger.warning("a report without a row is left in the storage: %s", error_location(error))
