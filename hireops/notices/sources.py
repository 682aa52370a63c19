"""What there is to tell staff in Feishu. Apps describe theirs here; this room names none of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from hireops.desk.staff import Reader

MOST_MATTERS = 1000  # that a source gives at a time, oldest first


class Kind(TextChoices):
    """What a person can switch off. The value is kept."""

    TO_DECIDE = "to_decide", _("Payouts that wait for my decision")
    DECIDED = "decided", _("Decisions about payouts that I asked for")
    WORK_ENDED = "work_ended", _("Long work of mine that has ended")
    ALARM = "alarm", _("Alarms: something on the Health page has turned red")


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that is so now. ``concerns(person)``: whether that person is to be told, rights apart."""

    key: str
    concerns: Callable[[Reader], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where matters of one kind come from.

    ``now()`` gives all that are so at this moment, ``MOST_MATTERS`` at the most; it is asked every few
    seconds, so its queries must be cheap on large tables. A key appears once for each time that it comes
    about. ``sentence(keys)`` says it in the active language, and says nothing else: no amount, no name of a
    candidate or employee, no number or address of anybody. ``path(keys)`` is our page that a click opens.
    Only who has ``permission`` is told ("": whomever it concerns). ``is_urgent``: told at night, too.
    """

    name: str
    kind: Kind
    now: Callable[[], Iterable[Matter]]
    sentence: Callable[[Sequence[str]], str]
    path: Callable[[Sequence[str]], str]
    permission: str = ""
    is_urgent: bool = False

    def is_for(self, person: Reader) -> bool:
        return not self.permission or person.has_perm(self.permission)


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Make the source known; called in the app's ``AppConfig.ready``."""
    if source.name in _sources:
        raise ValueError(f"{source.name} is registered already")
    _sources[source.name] = source


def all_sources() -> list[Source]:
    return list(_sources.values())


def get(name: str) -> Source | None:
    """None for one that no app knows any more."""
    return _sources.get(name)


def kinds_for(person: Reader) -> list[Kind]:
    """Those of which this person could be told something."""
    mine = {source.kind for source in _sources.values() if source.is_for(person)}
    return [kind for kind in Kind if kind in mine]
