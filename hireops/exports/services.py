"""An export is asked for, given out and canceled. Whoever asks rings for ``hireops.jobs.tasks.work``."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.encryption import decrypt, decrypt_bytes, encrypt
from hireops.exports import lists
from hireops.exports.lists import Asked, CannotBeExportedError, ListSeen
from hireops.exports.models import JOB, Export
from hireops.jobs import services as jobs
from hireops.spreadsheets import in_pieces

MOST_AT_ONCE = 3  # of one person
KEY_GONE = gettext_noop("The key with which it was encrypted is gone. Ask for it anew.")


def ask(listed: ListSeen, *, file_format: str, in_the_clear: bool, reason: str, by: User) -> Export:
    """Have the list written to a file. Raises ``Refused`` where there is nothing to write, for personal data
    in the clear without the right or a reason, and for who has asked for very much already."""
    rows = _counted(listed)
    if not rows:
        raise Refused(_("The list has no rows. There is nothing to export."))
    if in_the_clear and not listed.may_be_in_the_clear:
        raise Refused(_("Your role does not include personal data in the clear."))
    if in_the_clear and not reason:
        raise Refused(_("Write why you need personal data in the clear. The reason is kept in the audit."))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)  # whoever asks twice at once is counted once more
        if Export.objects.filter(asked_by=by, state=Export.State.WORKING).count() >= MOST_AT_ONCE:
            text = _("%(most)s exports of yours are still being written. Wait for one of them, or cancel it.")
            raise Refused(text % {"most": MOST_AT_ONCE})
        export = Export.objects.create(
            listed=listed.label,
            address=encrypt(listed.asked.written()),
            narrowed=listed.narrowed(),
            format=file_format,
            in_the_clear=in_the_clear,
            language=get_language() or "",
            asked_by=by,
            asked_at=clock.now(),
        )
        jobs.start(JOB, about=export, by=by)
        action = gettext_noop("export asked for")
        audit.record(by=by, action=action, on=export, reason=reason, rows=str(rows), **_told(export))
    return export


def _counted(listed: ListSeen) -> int:
    try:
        return listed.count()
    except CannotBeExportedError as error:
        raise Refused(_(error.reason)) from None


def list_of(export: Export) -> ListSeen:
    """As who asked sees it now. Raises ``CannotBeExportedError``, also for a right that is gone."""
    address = decrypt(export.address)
    if address is None:
        raise CannotBeExportedError(KEY_GONE)
    listed = ListSeen(export.listed, export.asked_by, Asked.read(address))
    if export.in_the_clear and not listed.may_be_in_the_clear:
        raise CannotBeExportedError(lists.NOT_IN_THE_CLEAR)
    return listed


def cancel(export: Export, *, by: User, reason: str = "") -> None:
    """Raises ``Refused`` if it has ended, or is somebody else's."""
    with transaction.atomic():
        export = Export.objects.select_for_update(of=("self",)).get(pk=export.pk)
        if export.asked_by_id != by.pk:
            raise Refused(_("It is somebody else's."))
        if export.state != Export.State.WORKING:
            raise Refused(_("This export has ended already."))
        end(export, Export.State.CANCELED)
        jobs.end_all(export)
        audit.record(by=by, action=gettext_noop("export canceled"), on=export, reason=reason)


def end(export: Export, state: Export.State, problem: str = "") -> None:
    """Without a file. In the caller's transaction."""
    export.pieces.all().delete()
    export.state, export.problem, export.finished_at = state, problem, clock.now()
    export.save(update_fields=["state", "problem", "finished_at"])


# --- The file


def give_out(export: Export, *, by: User) -> Iterator[bytes]:
    """The file, to who has asked for it and may still have it; it is in the audit first.

    Raises ``PermissionDenied`` for everybody else, ``Refused`` with what has changed since.
    """
    if export.asked_by_id != by.pk:
        raise PermissionDenied
    if export.state != Export.State.READY:
        raise Refused(_("There is no file (any more). Ask for it anew from the list."))
    try:
        list_of(export)
    except CannotBeExportedError as error:
        raise Refused(_(error.reason)) from None
    if any(decrypt_bytes(each) is None for each in export.pieces.values_list("content", flat=True)[:1]):
        raise Refused(_(KEY_GONE))
    audit.record(
        by=by,
        action=gettext_noop("export downloaded"),
        on=export,
        rows=export.rows,
        sha256=export.sha256,
        **_told(export),
    )
    return content_of(export)


def content_of(export: Export) -> Iterator[bytes]:
    pieces = pieces_of(export)
    return in_pieces.unpacked(pieces) if export.format == Export.Format.CSV else pieces


def pieces_of(export: Export) -> Iterator[bytes]:
    """One at a time, so that nobody holds the whole file."""
    numbers = list(export.pieces.order_by("number").values_list("number", flat=True))
    for number in numbers:
        content = decrypt_bytes(export.pieces.values_list("content", flat=True).get(number=number))
        if content is None:
            raise CannotBeExportedError(KEY_GONE)
        yield content


def _told(export: Export) -> dict[str, Any]:
    """What the audit says of an export beside its rows."""
    return {
        "list": export.listed,
        "filters": [f"{label}: {text}" for label, text in export.narrowed],
        "format": export.format,
        "masked": not export.in_the_clear,
    }
