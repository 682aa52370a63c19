"""What a call makes of what is known: when it is owed, answered, refused, or was never sent. Pure.

When a call is owed, what it names is in doubt at once: whatever becomes of the process that sends it, nothing
is called confirmed that may have changed. An answer ends the doubt.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bindings.offers.plan import (
    Doubt,
    Kind,
    Known,
    PlannedCall,
    Reading,
    Sent,
    Standing,
    Verb,
)

Name = tuple[Kind, str]
PAPERS = {Verb.REPLACE_PAPERS, Verb.UPDATE_PAPERS, Verb.DELETE_PAPERS}


class Picture:
    """What is known of the IDs of an account, in the order of their first use, while a call changes it."""

    def __init__(self, known: Iterable[Known]) -> None:
        self._known = {(each.kind, each.id): each for each in known}

    def all(self) -> tuple[Known, ...]:
        return tuple(self._known.values())

    def of(self, sent: Sent) -> Known:
        unknown = Known(kind=sent.kind, id=sent.id, code=sent.code, standing=Standing.ABSENT)
        return self._known.get((sent.kind, sent.id), unknown)

    def put(self, known: Known) -> None:
        self._known[known.kind, known.id] = known

    def named(self, call: PlannedCall) -> list[Known]:
        return [self.of(each) for each in call.sent]


def begun(known: Sequence[Known], call: PlannedCall) -> tuple[Known, ...]:
    """The call is owed: from now on Feishu may have done it."""
    picture = Picture(known)
    for sent in call.sent:
        before = picture.of(sent)
        doubtful = replace(_in_doubt(before, sent), code=sent.code or before.code)
        # That an earlier update did not find it says nothing any more, once a create may have landed.
        picture.put(replace(doubtful, together=0) if call.verb is Verb.CREATE else doubtful)
    if call.verb is Verb.REPLACE_PAPERS:
        named = {each.id for each in call.sent}
        for each in picture.all():
            if each.kind is Kind.PAPER and each.id not in named and (each.is_there or each.is_perhaps_there):
                picture.put(_doubt(each, Doubt.DELETE))
    return picture.all()


def _in_doubt(before: Known, sent: Sent) -> Known:
    if sent.content is None:
        return _doubt(before, Doubt.DELETE)
    if before.is_there:
        same = before.standing is Standing.CONFIRMED and before.content == sent.content
        return before if same else _doubt(before, Doubt.UPDATE)
    if before.standing is Standing.FOREIGN:
        return _doubt(before, Doubt.DELETE)
    return before if before.is_perhaps_there else _doubt(before, Doubt.CREATE)


def _doubt(known: Known, doubt: Doubt) -> Known:
    return replace(known, standing=Standing.IN_DOUBT, doubt=doubt)


def answered(known: Sequence[Known], call: PlannedCall) -> tuple[Known, ...]:
    """Feishu has done it."""
    picture = Picture(known)
    for sent in call.sent:
        before = picture.of(sent)
        if sent.content is None:
            picture.put(_settled(before, Standing.DELETED))
        else:
            after = replace(before, code=sent.code or before.code, content=sent.content)
            picture.put(_settled(after, Standing.CONFIRMED))
    if call.verb is Verb.REPLACE_PAPERS:
        named = {each.id for each in call.sent}
        for each in picture.all():
            if each.kind is Kind.PAPER and each.id not in named:
                picture.put(_settled(each, Standing.DELETED))
    return picture.all()


def _settled(known: Known, standing: Standing) -> Known:
    return replace(known, standing=standing, doubt=Doubt.NONE, together=0, creates_together=0)


def undone(known: Sequence[Known], before: Sequence[Known], call: PlannedCall) -> tuple[Known, ...]:
    """It was never sent, or Feishu has surely not touched it: all is as it was."""
    picture = Picture(known)
    earlier = {(each.kind, each.id): each for each in before}
    for each in picture.all():
        if (each.kind, each.id) in earlier:
            picture.put(replace(earlier[each.kind, each.id], row=each.row))
    for each in picture.named(call):
        if (each.kind, each.id) not in earlier:
            picture.put(_settled(each, Standing.ABSENT))
    return picture.all()


def refused(known: Sequence[Known], before: Sequence[Known], call: PlannedCall) -> tuple[Known, ...] | None:
    """Feishu refuses it because of something that it names. None: nothing can be learnt from that."""
    match call.verb:
        case Verb.CREATE:
            return _create_refused(known, before, call)
        case Verb.UPDATE:
            return _update_refused(known, call)
        case Verb.DELETE:
            return _delete_refused(known, call)
    return None


def learnt(reading: Reading, call: PlannedCall, *, done: bool) -> Reading:
    """What the answer says of items without a package. A refusal is believed until the items turn out to have
    been there: then a create that names them and a package is refused too."""
    if call.verb is not Verb.CREATE or not call.of(Kind.ITEM):
        return reading
    if call.is_of_items_alone:
        return replace(reading, items_alone=done)
    return reading if done or reading.items_alone else replace(reading, items_alone=None)


def most_refusals(known: Sequence[Known]) -> int:
    """More than that in a row are not about single IDs: as many as it takes to halve what was refused, and
    some."""
    return 12 + 3 * len(known).bit_length()


def _create_refused(known: Sequence[Known], before: Sequence[Known], call: PlannedCall) -> tuple[Known, ...]:
    """Any of them may be there already, and any of the others may have been created."""
    were_refused = any(each.creates_together or each.together for each in before)
    if call.is_of_items_alone and not were_refused:
        return undone(known, before, call)  # it was the empty list of packages; the items come with one
    picture = Picture(known)
    named = picture.named(call)
    for each in named:
        picture.put(replace(each, creates_together=len(named)))
    return picture.all()


def _update_refused(known: Sequence[Known], call: PlannedCall) -> tuple[Known, ...] | None:
    """One of those that were in doubt is not there."""
    picture = Picture(known)
    doubtful = [each for each in picture.named(call) if each.is_perhaps_there]
    if not doubtful:
        return None
    for each in doubtful:
        # It can't be created either if it was deleted before, or a create of it alone was refused.
        is_used_up = len(doubtful) == 1 and (each.doubt is Doubt.DELETE or each.creates_together == 1)
        tried = replace(each, together=len(doubtful))
        picture.put(_settled(each, Standing.DELETED) if is_used_up else tried)
    return picture.all()


def _delete_refused(known: Sequence[Known], call: PlannedCall) -> tuple[Known, ...]:
    """One of them is not there. One that is refused again, and alone, is gone."""
    picture = Picture(known)
    named = picture.named(call)
    for each in named:
        is_gone = len(named) == 1 and each.together > 0
        picture.put(_settled(each, Standing.DELETED) if is_gone else replace(each, together=len(named)))
    return picture.all()
