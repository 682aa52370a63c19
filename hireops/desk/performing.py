"""Doing what staff confirmed, object by object, and telling them what was done and what was not."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from hireops.desk.display import labelled
from hireops.desk.errors import Refused

REFUSALS_SHOWN = 5
OBJECTS_NAMED = 20

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ActionOutcome:
    """What became of the objects. After an error inside hireops the rest is not tried."""

    done: list[Model] = field(default_factory=list)
    refused: list[tuple[Model, Refused]] = field(default_factory=list)
    failed: Model | None = None
    not_tried: Sequence[Model] = ()


def perform_on_each(perform: Callable[[Model], object], objects: Sequence[Model]) -> ActionOutcome:
    """Every object is a change of its own: what was done stays done, whatever becomes of the others."""
    outcome = ActionOutcome()
    for number, obj in enumerate(objects):
        try:
            perform(obj)
        except Refused as refusal:
            outcome.refused.append((obj, refusal))
        except Exception as error:  # noqa: BLE001  the person must hear what was done before it
            # Only its name: the text of an error may hold personal data.
            logger.error("an action stopped at %s %s (%s)", obj._meta.label, obj.pk, type(error).__name__)  # noqa: SLF001, TRY400
            outcome.failed, outcome.not_tried = obj, objects[number + 1 :]
            break
        else:
            outcome.done.append(obj)
    return outcome


def result_messages(
    action: str | Promise,
    outcome: ActionOutcome,
    *,
    name: Callable[[Any], str] = str,
    sums: Sequence[str] = (),
) -> Iterator[tuple[int, str]]:
    """(level, text) of each message for the person who confirmed the action. ``name`` says how an object is
    called, ``sums`` how much what was done is about."""
    if outcome.done:
        text = _("“%(action)s”: done for %(count)s.")
        if sums:
            text = _("“%(action)s”: done for %(count)s · %(sums)s.")
        about = {"action": action, "count": len(outcome.done), "sums": " · ".join(sums)}
        yield messages.SUCCESS, text % about
    yield from _refusals(outcome, name)
    if outcome.failed:
        yield messages.ERROR, _error_inside(name(outcome.failed))
    if outcome.failed and outcome.done:
        text = _("Done before the error: %(objects)s")
        yield messages.WARNING, text % {"objects": named([name(obj) for obj in outcome.done])}
    if outcome.not_tried:
        text = _("Not tried any more: %(objects)s")
        yield messages.WARNING, text % {"objects": named([name(obj) for obj in outcome.not_tried])}


def _refusals(outcome: ActionOutcome, name: Callable[[Any], str]) -> Iterator[tuple[int, str]]:
    """One message for each refusal, with all that it is about."""
    by_refusal: dict[str, list[str]] = defaultdict(list)
    for obj, refusal in outcome.refused:
        by_refusal[str(refusal)].append(name(obj))
    for refusal_text, objects in list(by_refusal.items())[:REFUSALS_SHOWN]:
        yield messages.ERROR, labelled(named(objects), refusal_text)
    others = [each for objects in list(by_refusal.values())[REFUSALS_SHOWN:] for each in objects]
    if others:
        text = _("%(count)s more were not done: %(objects)s")
        yield messages.ERROR, text % {"count": len(others), "objects": named(others)}


def _error_inside(obj: str) -> str:
    return _(
        "“%(object)s”: an error inside hireops. Look at the object before you try again; if it happens once "
        "more, tell whoever runs hireops: the log has the time and the kind of the error."
    ) % {"object": obj}


def named(objects: Sequence[str]) -> str:
    names = ", ".join(_("“%(object)s”") % {"object": obj} for obj in objects[:OBJECTS_NAMED])
    more = len(objects) - OBJECTS_NAMED
    return _("%(names)s and %(more)s more") % {"names": names, "more": more} if more > 0 else names
