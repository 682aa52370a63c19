"""On the home page: a year whose calendar nobody has loaded."""

from django.urls import reverse
from django.utils.translation import gettext as _

from bindings.workdays import services
from hireops.desk.cards import Card
from hireops.desk.staff import Reader

DECEMBER = 12


def year_not_loaded(reader: Reader) -> Card | None:
    """This year's at any time, the next one's from 1 December on."""
    if not reader.has_perm("bindings.change_workday"):
        return None
    today = services.today()
    wanted = [today.year, today.year + 1] if today.month == DECEMBER else [today.year]
    missing = [year for year in wanted if not services.is_loaded(year)]
    if not missing:
        return None
    return Card(
        title=_("Working calendar of %(year)s is missing") % {"year": missing[0]},
        value=missing[0],
        note=_("Promised dates in it are provisional: they take Monday to Friday for working days."),
        url=reverse("admin:bindings_workday_load"),
        tone="bad" if missing[0] == today.year else "warn",
    )
