"""On the home page: orders that are later than they were promised."""

from django.urls import reverse
from django.utils.translation import gettext as _

from bindings.models import Turn
from bindings.orders import promises
from hireops.desk.cards import Card, counted
from hireops.desk.staff import Reader

LISTS = (
    ("bindings.view_backgroundcheck", "admin:bindings_backgroundcheck_changelist", promises.KINDS[0]),
    ("bindings.view_exam", "admin:bindings_exam_changelist", promises.KINDS[1]),
)
ADDRESS = f"{promises.FILTER}={promises.IS_LATE}"


def orders_late(reader: Reader) -> Card | None:
    """How many, and how many of these wait for us; the link leads to the longer list."""
    seen = [(url, kind) for permission, url, kind in LISTS if reader.has_perm(permission)]
    if not seen:
        return None
    late = {url: kind._default_manager.filter(promises.late()) for url, kind in seen}  # noqa: SLF001
    counts = {url: counted(rows) for url, rows in late.items()}
    ours = sum(counted(rows.filter(turn=Turn.VENDOR)) for rows in late.values())
    total = sum(counts.values())
    longest = max(counts, key=lambda url: counts[url])
    return Card(
        title=_("Orders that are late"),
        value=total,
        note=_("It is our turn in %(count)s of them.") % {"count": ours} if total else "",
        url=f"{reverse(longest)}?{ADDRESS}",
        tone="bad" if total else "ok",
    )
