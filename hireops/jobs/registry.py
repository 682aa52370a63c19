"""What long work there is. The apps describe theirs here; ``hireops.jobs`` names none of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import repeat
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from hireops.desk.ownership import Kinds, Seen
from hireops.desk.staff import Reader
from hireops.jobs.models import Job

TOLD, TOLD_SO_FAR = gettext_lazy("%(done)s of %(total)s done"), gettext_lazy("%(done)s done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What follows a part: the next one, a rest, or the end with ``outcome``.

    A job that rests is looked at again after ``rest``, or when somebody wakes it (``services.wake``).
    ``reason`` of an end is an English sentence marked with ``gettext_noop``.
    """

    rest: timedelta | None = None
    outcome: Job.State | None = None
    reason: str = ""


GO_ON = Step()
DONE = Step(outcome=Job.State.DONE)

Part = Callable[[], Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of long work.

    ``parts(job)`` gives its parts one after the other, from where the database says that the work is. Each is
    a function that does so much as takes a second or two, called in the transaction that renews the lease:
    what it writes is there if and only if the lease was still ours, so a worker that dies loses one part and
    the next one repeats none. Between the parts, outside of any transaction, ``parts`` may read and prepare
    what is slow. A part that leaves other work due rings for it on commit. For work that needs nothing
    between its parts: ``parts=repeated(function)``.

    A part that raises is rolled back and tried again later, with growing pauses, for as long as it takes.

    ``one_at_a_time``: workers never do two jobs of this kind at once. ``on_cancel(job)`` runs in the
    transaction that cancels it; without it staff cannot cancel such work on the job's page.
    ``permission`` is what staff need to see such a job. ``under_way()`` gives the objects whose
    state says that such work is going on: just these have a running job (``manage.py check_invariants``).

    Progress is ``job.done`` of ``job.total``, which a part sets; it is saved with what the part did. It
    counts what staff count, such as people, and ``told`` and ``told_so_far`` (without a total) say so.
    """

    name: str
    label: str | Promise
    parts: Callable[[Job], Iterator[Part]]
    one_at_a_time: bool = False
    on_cancel: Callable[[Job], None] | None = None
    permission: str = ""
    under_way: Callable[[], QuerySet[Any]] | None = None
    told: str | Promise = TOLD
    told_so_far: str | Promise = TOLD_SO_FAR


_kinds: Kinds[Kind] = Kinds()


def register(kind: Kind) -> None:
    """Make the kind known; called when Django starts."""
    _kinds.add(kind)


def repeated(part: Callable[[Job], Step]) -> Callable[[Job], Iterator[Part]]:
    """``part(job)`` again and again, until it ends or rests."""
    return lambda job: repeat(partial(part, job))


def get(name: str) -> Kind | None:
    return _kinds.get(name)


def all_kinds() -> list[Kind]:
    return list(_kinds.values())


def names() -> list[str]:
    return list(_kinds)


def one_at_a_time() -> set[str]:
    return {kind.name for kind in _kinds.values() if kind.one_at_a_time}


def label_of(name: str) -> str:
    """What the work is, in words of the staff; its technical name if no app knows it any more."""
    return str(_kinds[name].label) if name in _kinds else name


def can_be_canceled(name: str) -> bool:
    return name in _kinds and _kinds[name].on_cancel is not None


def seen_by(reader: Reader) -> Seen:
    """The kinds of long work that ``reader`` sees."""
    return _kinds.seen_by(reader)
