"""Cases that wait for somebody, on the home page."""

from django.utils.translation import gettext as _

from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader
from referrals.models import Case


def open_cases(reader: Reader) -> Card | None:
    if not reader.has_perm("referrals.close_case"):
        return None
    count = counted(Case.objects.filter(closed_at=None))
    return Card(
        title=_("Open cases"),
        value=count,
        note=_("Figures that should be equal and are not.") if count else "",
        url=list_url("referrals_case", "state=open"),
        tone="bad" if count else "ok",
    )
