"""What a list is narrowed and sorted by, kept under a name: for oneself, or for all who may see that list.

What was searched for is not kept: it may be a person's number (``hireops.desk.searching``). Columns to sort
by are kept by their names, because who may see more of a list has them at other places.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.desk.models import SavedFilter
from hireops.desk.staff import Reader
from hireops.invisible import without_invisible

MOST_OF_A_LIST = 50  # of one person
SORT = "sort"  # of a kept query: names of columns, such as "-requested_at.number"


def visible(of_list: str, reader: Reader) -> QuerySet[SavedFilter]:
    """One's own and those that are shared, by name. Whoever asks has seen to it that the list may be seen."""
    rows = SavedFilter.objects.filter(Q(owner=reader.pk) | Q(shared=True), list=of_list)
    return rows.select_related("owner").order_by("name", "pk")


def may_change(saved: SavedFilter, by: Reader) -> bool:
    """One's own; a superuser also what others share, since people leave."""
    return saved.owner_id == by.pk or (saved.shared and by.is_superuser)


def save(*, by: User, of_list: str, name: str, query: str, shared: bool) -> SavedFilter:
    """Raises ``Refused``, for a name that is empty or there already, for one too many, and for no filter."""
    if not query:
        raise Refused(_("Nothing is chosen in this list, so there is nothing to save."))
    if SavedFilter.objects.filter(owner=by, list=of_list).count() >= MOST_OF_A_LIST:
        text = _("You have %(most)s saved filters of this list. Delete one that you no longer need.")
        raise Refused(text % {"most": MOST_OF_A_LIST})
    saved = SavedFilter(owner=by, list=of_list, name=_plain(name), query=query, shared=shared)
    with transaction.atomic():
        _keep(saved)
        audit.record(by=by, action=gettext_noop("filter saved"), on=saved, **_told(saved))
    return saved


def change(saved: SavedFilter, *, by: User, name: str, shared: bool) -> None:
    """Raises ``Refused`` for a name that can't be taken, and ``PermissionDenied`` for somebody else's."""
    if not may_change(saved, by):
        raise PermissionDenied
    before = {"name": saved.name, "shared": saved.shared}
    saved.name, saved.shared = _plain(name), shared
    if before == {"name": saved.name, "shared": saved.shared}:
        return
    with transaction.atomic():
        _keep(saved)
        audit.record(
            by=by, action=gettext_noop("saved filter changed"), on=saved, before=before, **_told(saved)
        )


def delete(saved: SavedFilter, *, by: User) -> None:
    """Raises ``PermissionDenied`` for somebody else's."""
    if not may_change(saved, by):
        raise PermissionDenied
    with transaction.atomic():
        audit.record(by=by, action=gettext_noop("saved filter deleted"), on=saved, **_told(saved))
        saved.delete()


# --- What is kept of an address


def kept(parameters: dict[str, list[str]], sort: str) -> str:
    """The query that is kept, always written alike, so that two can be compared."""
    pairs = sorted((name, value) for name, values in parameters.items() for value in values if value)
    return urlencode([*pairs, *([(SORT, sort)] if sort else [])])


def parameters_of(saved: SavedFilter) -> tuple[dict[str, list[str]], str]:
    """By name the values, and the columns to sort by."""
    query = QueryDict(saved.query, mutable=True)
    sort = query.pop(SORT, [""])[0]
    return {name: [str(value) for value in values] for name, values in query.lists()}, str(sort)


def _plain(name: str) -> str:
    plain = " ".join(without_invisible(name.replace("\0", "")).split())
    if not plain:
        raise Refused(_("Give the filter a name."))
    longest = SavedFilter._meta.get_field("name").max_length or 0  # noqa: SLF001  public API
    if len(plain) > longest:
        raise Refused(_("The name of a filter has %(longest)s characters at most.") % {"longest": longest})
    return plain


def _keep(saved: SavedFilter) -> None:
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError:
        text = _("You have saved a filter of this list as “%(name)s” already. Choose another name.")
        raise Refused(text % {"name": saved.name}) from None


def _told(saved: SavedFilter) -> dict[str, Any]:
    return {"list": saved.list, "query": saved.query, "shared": saved.shared}
