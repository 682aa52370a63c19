"""Seeing a person's data in the clear: one click on the page of one row, written down before it is shown.

The click is a POST. It leaves an audit entry, and the address that it leads to carries a proof of it, which
opens this row to this person for a few minutes. Lists show everything masked, to everybody.
"""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.contacts import mask, without_contacts
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.desk.staff import Reader

VIEW = "desk.view_personal_data"
PROOF = "shown"  # in the address
SHOWN_FOR = timedelta(minutes=5)
LONGEST_REASON = 1000


def reason_of(request: HttpRequest) -> str:
    """Why this person wants to see it. Raises ``Refused`` if a setting asks for that and nothing is given."""
    reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
    sees_it = request.user.has_perm(VIEW)
    if settings.PERSONAL_DATA_ASKS_REASON and sees_it and not reason:
        raise Refused(_("Nothing was shown: write why you need to see it. The reason is kept in the audit."))
    return reason


def reveal(obj: Model, *, by: User, reason: str, permission: str = VIEW) -> str:
    """The proof that ``by`` is shown ``obj``. Raises ``PermissionDenied`` for who lacks the right."""
    if not by.has_perm(permission):
        raise PermissionDenied
    audit.record(by=by, action=gettext_noop("personal data shown"), on=obj, reason=reason)
    return signing.dumps("", salt=_salt(obj, by))


def is_revealed(request: HttpRequest, obj: Model, permission: str = VIEW) -> bool:
    """Whether this person has just asked to see ``obj`` in the clear, and still may."""
    if PROOF not in request.GET or not request.user.has_perm(permission):
        return False
    try:
        signing.loads(request.GET[PROOF], salt=_salt(obj, request.user), max_age=SHOWN_FOR)
    except signing.BadSignature:
        return False
    return True


def shown_for(request: HttpRequest, obj: Model) -> Callable[[str], str]:
    """How the page of ``obj`` shows personal data: as it is, or all but a little hidden."""
    return str if is_revealed(request, obj) else mask


def noted_for(request: HttpRequest, obj: Model) -> Callable[[str], str]:
    """How the page of ``obj`` shows what staff have noted of it, which may name people.

    Who may see personal data reads it at once but for numbers and addresses, which take the click.
    """
    if is_revealed(request, obj):
        return str
    return without_contacts if request.user.has_perm(VIEW) else mask


def _salt(obj: Model, reader: Reader) -> str:
    return f"hireops.desk.revealing {obj._meta.label} {obj.pk} {reader.pk}"  # noqa: SLF001  public API
