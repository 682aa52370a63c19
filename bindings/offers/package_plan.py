"""Packages and additional items of a background-check account (contract 4.4 to 4.6), incrementally.

First what is new, then what changed, then what goes: at no moment less is offered than before and after have
in common. What is in doubt comes before all that: an update names it, and Feishu takes that if it is there.
Every update names all that is there, each complete: nobody says what becomes of a package that is not listed
or of a description that is left out. No ID is the same for a package and an item, and none is used twice.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from bindings.offers.plan import (
    Action,
    Doubt,
    Kind,
    Known,
    Offering,
    Package,
    Plan,
    PlannedCall,
    Reading,
    Row,
    Sent,
    Standing,
    Verb,
    Why,
    free_id,
    under,
)

KINDS = (Kind.PACKAGE, Kind.ITEM)


@dataclass(slots=True)
class _Work:
    """What is to be done, each with the ID and the content that it is to have."""

    there: list[Known] = field(default_factory=list)
    creates: list[Sent] = field(default_factory=list)
    updates: list[Sent] = field(default_factory=list)
    doubts: list[tuple[Known, Sent]] = field(default_factory=list)
    deletes: list[Known] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def plan_packages(known: Sequence[Known], wished: Offering, reading: Reading) -> Plan:
    work = _work(known, wished)
    first = _about_doubts(work)
    create = first or PlannedCall(Verb.CREATE, tuple(work.creates))
    if _needs_a_carrier(create, reading) and (carrier := _carry(work, known)):
        if first:
            first = PlannedCall(Verb.CREATE, (carrier, *first.sent))
        else:
            work.creates.insert(0, carrier)
    work.rows += [
        Row(kind=each.kind, code="", id=each.id, action=Action.FOREIGN, why=Why.NOT_OURS)
        for each in known
        if each.standing is Standing.FOREIGN and not _is_adopted(each, work)
    ]
    offers_something = any(each.is_there or each.is_perhaps_there for each in known)
    return Plan(
        rows=tuple(work.rows), calls=tuple(_calls(work, first)), empties=offers_something and not wished
    )


def _work(known: Sequence[Known], wished: Offering) -> _Work:
    work = _Work(there=[each for each in known if each.is_there])
    used = [each.id for each in known]
    for kind in KINDS:
        for code, content in wished.by_code(kind).items():
            of_code = [each for each in known if each.kind is kind and each.code == code]
            current = _current(of_code) or _foreign(known, kind, code)
            feishu_id = current.id if current else free_id(code, used)
            used.append(feishu_id)
            sent = Sent(kind, feishu_id, code, under(content, feishu_id))
            _sort_in(work, current, sent, is_used_up=not current and bool(of_code))
            work.deletes += [each for each in of_code if each is not current and _may_be_there(each)]
        gone = [each for each in known if each.kind is kind and each.code not in wished.by_code(kind)]
        work.deletes += [each for each in gone if _may_be_there(each)]
    _explain_deletes(work, wished)
    return work


def _may_be_there(known: Known) -> bool:
    return known.is_there or known.is_perhaps_there


def _current(of_code: Sequence[Known]) -> Known | None:
    """The ID under which something is offered: the newest that is there, or should be."""
    should_be = [each for each in of_code if each.is_there or each.doubt is Doubt.CREATE]
    perhaps = [each for each in of_code if each.doubt is Doubt.DELETE]
    absent = [each for each in of_code if each.standing is Standing.ABSENT]
    for found in (should_be, perhaps, absent):
        if found:
            return found[-1]
    return None


def _foreign(known: Iterable[Known], kind: Kind, code: str) -> Known | None:
    """What is there under our own code without our having put it there is taken over."""
    found = (each for each in known if each.kind is kind and each.id == code)
    return next((each for each in found if each.standing is Standing.FOREIGN), None)


def _sort_in(work: _Work, current: Known | None, sent: Sent, *, is_used_up: bool) -> None:
    before = current.content if current else None
    action, why = Action.CREATE, Why.ID_USED_UP if is_used_up else Why.NEW
    if current is None or current.standing is Standing.ABSENT:
        work.creates.append(sent)
    elif current.standing is Standing.FOREIGN:
        work.doubts.append((current, sent))
        action, why = Action.FIND_OUT, Why.ADOPTED
    elif not current.is_there:
        work.doubts.append((current, sent))
        action, why = Action.FIND_OUT, Why.NOT_ANSWERED
    elif current.doubt is Doubt.UPDATE or current.content != sent.content:
        work.updates.append(sent)
        action, why = Action.UPDATE, Why.NOT_ANSWERED if current.doubt else Why.CHANGED
    else:
        action, why = Action.SAME, Why.SAME
    work.rows.append(
        Row(
            kind=sent.kind,
            code=sent.code,
            id=sent.id,
            action=action,
            why=why,
            before=before,
            after=sent.content,
        )
    )


def _explain_deletes(work: _Work, wished: Offering) -> None:
    for each in work.deletes:
        stays = each.code in wished.by_code(each.kind)
        why = Why.OLD_VERSION if stays else Why.NO_LONGER_OFFERED
        work.rows.append(
            Row(
                kind=each.kind,
                code=each.code,
                id=each.id,
                action=Action.DELETE,
                why=Why.NOT_ANSWERED if each.is_perhaps_there else why,
                before=each.content,
            )
        )


def _is_adopted(known: Known, work: _Work) -> bool:
    return any(each is known for each, _sent in work.doubts)


# --- What is in doubt


class _Tried(NamedTuple):
    """What is known of IDs in doubt alike: with how many others an update and a create of them were refused.
    What may have been deleted can't be created again."""

    may_be_created: bool
    updated: int
    created: int

    @property
    def smallest(self) -> int:
        """Those that were not refused come last."""
        return min((size for size in (self.updated, self.created) if size), default=sys.maxsize)

    @property
    def size_to_create(self) -> int:
        """0: an update comes next. After an update that was refused none of them may be there, so a create is
        next; after both, half of them."""
        if not self.may_be_created or not self.updated or 0 < self.created < self.updated:
            return 0
        return max(1, self.updated // 2) if self.created else self.updated

    @property
    def size_to_update(self) -> int:
        if self.may_be_created:
            return self.created or sys.maxsize
        return max(1, self.updated // 2) if self.updated else sys.maxsize


def _about_doubts(work: _Work) -> PlannedCall | None:
    """The call that settles most of it. Those that were refused together are taken apart first, halved each
    time: an update is taken if all of them are there, a create if none of them is."""
    groups: dict[_Tried, list[Sent]] = defaultdict(list)
    for known, sent in work.doubts:
        tried = _Tried(known.doubt is Doubt.CREATE, known.together, known.creates_together)
        groups[tried].append(sent)
    has_package = any(each.kind is Kind.PACKAGE for each in work.there)
    for tried in sorted(groups, key=attrgetter("smallest", "updated")):
        alike = _packages_first(groups[tried])
        if size := tried.size_to_create:
            return PlannedCall(Verb.CREATE, tuple(alike[:size]))
        if has_package or alike[0].kind is Kind.PACKAGE:
            return PlannedCall(Verb.UPDATE, tuple(_all_there(work, alike[: tried.size_to_update])))
    return None


# --- Items can't always be created without a package


def _needs_a_carrier(create: PlannedCall, reading: Reading) -> bool:
    return reading.items_alone is False and bool(create.sent) and create.is_of_items_alone


def _carry(work: _Work, known: Sequence[Known]) -> Sent | None:
    """Have one package go on under a new ID, so that its create can name the items: the one that changes
    anyway, if there is one. A package that is to be created at any rate serves as well."""
    if new := next((each for each in work.creates if each.kind is Kind.PACKAGE), None):
        work.creates.remove(new)
        return new
    packages = [
        row for row in work.rows if row.kind is Kind.PACKAGE and row.action in {Action.UPDATE, Action.SAME}
    ]
    if not packages:
        return None
    row = next((row for row in packages if row.action is Action.UPDATE), packages[0])
    old = next(each for each in work.there if each.kind is Kind.PACKAGE and each.id == row.id)
    feishu_id = _unused_version(known, row.code)
    assert isinstance(row.after, Package)  # noqa: S101 - it is a package
    sent = Sent(Kind.PACKAGE, feishu_id, row.code, under(row.after, feishu_id))
    work.updates = [each for each in work.updates if each.id != old.id]
    work.deletes.append(old)
    work.rows[work.rows.index(row)] = Row(
        kind=Kind.PACKAGE,
        code=row.code,
        id=feishu_id,
        old_id=old.id,
        action=Action.REPLACE,
        why=Why.CARRIES_ITEMS,
        before=row.before,
        after=sent.content,
    )
    return sent


def _unused_version(known: Sequence[Known], code: str) -> str:
    """One that was given before and did not get there, or the next one."""
    given = (each for each in known if each.kind is Kind.PACKAGE and each.code == code)
    unused = [each.id for each in given if each.standing is Standing.ABSENT]
    return unused[-1] if unused else free_id(code, [each.id for each in known])


# --- The calls


def _calls(work: _Work, first: PlannedCall | None) -> Iterable[PlannedCall]:
    """``first`` is about what is in doubt, and updates what else there is to be updated."""
    if first:
        yield first
    if work.creates:
        yield PlannedCall(Verb.CREATE, tuple(_packages_first(work.creates)))
    if work.updates and not (first and first.verb is Verb.UPDATE):
        yield PlannedCall(Verb.UPDATE, tuple(_all_there(work, [])))
    if work.deletes:
        named = _at_once(work.deletes)
        yield PlannedCall(Verb.DELETE, tuple(Sent(each.kind, each.id, each.code) for each in named))


def _at_once(known: Sequence[Known]) -> Sequence[Known]:
    """All, or half of those that were refused together."""
    refused = [each.together for each in known if each.together]
    if not refused:
        return known
    together = [each for each in known if each.together == min(refused)]
    return together[: max(1, min(refused) // 2)]


def _all_there(work: _Work, batch: Sequence[Sent]) -> list[Sent]:
    """All that is there, with the content that it is to have, and ``batch``."""
    changed = {(each.kind, each.id): each for each in work.updates}
    named = [
        changed.get((each.kind, each.id)) or Sent(each.kind, each.id, each.code, each.content)
        for each in work.there
    ]
    return _packages_first([*(each for each in named if each.content is not None), *batch])


def _packages_first(sent: Iterable[Sent]) -> list[Sent]:
    return sorted(sent, key=lambda each: each.kind is Kind.ITEM)
