"""How single values look on staff pages: badges, JSON, links. Everything returned is escaped HTML."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hireops.desk.masking import DEEPEST, masked, redacted, without_secrets
from hireops.desk.states import States, Tone
from hireops.invisible import escaped_invisible

LONGEST_JSON = 20_000


def badge(label: str | Promise, tone: Tone = "quiet") -> SafeString:
    """Of the colour of ``tone``; the text alone is enough."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, label)


def state_badge(state: States) -> SafeString:
    return badge(state.label, state.tone)


def linked(obj: Model | None, text: str = "") -> str:
    """A link to the object's page in the admin; the text alone where it has none, a dash for None."""
    if obj is None:
        return "–"
    text, url = text or str(obj), page_of(obj)
    return format_html('<a href="{}">{}</a>', url, text) if url else text


def page_of(obj: Model) -> str:
    """The path of the object's page in the admin; "" where it has none."""
    options = obj._meta  # noqa: SLF001  public API
    try:
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[quote(obj.pk)])
    except NoReverseMatch:
        return ""


def in_others_words(text: str) -> str:
    """What somebody else has said or is called, as it is: in no language of ours, which the page marks."""
    return format_html('<span translate="no">{}</span>', text) if text else ""


def listed(things: Iterable[object]) -> str:
    """One after the other within a sentence or a cell."""
    return pgettext("between two things of a list", ", ").join(map(str, things))


def labelled(label: object, shown: object) -> str:
    """What something is called, and what is said of it."""
    return _("%(label)s: %(shown)s") % {"label": label, "shown": shown}


def lines(texts: Iterable[str]) -> SafeString:
    """One below the other."""
    return format_html_join(SafeString("<br>"), "{}", ((text,) for text in texts))


def duration(length: timedelta) -> str:
    """A length of time in its largest unit: ``42 s``, ``5 min``, ``3 h``, ``12 d``. From two of them on, so
    that little is left out; minutes from the first, because nobody reads seconds."""
    seconds = max(int(length.total_seconds()), 0)
    units = ((86_400, 2, _("%(count)d d")), (3_600, 2, _("%(count)d h")), (60, 1, _("%(count)d min")))
    for unit, least, text in units:
        if seconds >= least * unit:
            return text % {"count": seconds // unit}
    return _("%(count)d s") % {"count": seconds}


def ago(at: datetime, now: datetime) -> str:
    """``5 min ago``"""
    return _("%(age)s ago") % {"age": duration(now - at)}


def moment(at: datetime) -> str:
    """A time as every page writes it, to the minute, by the reader's clock."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def exact_moment(at: datetime) -> str:
    """The same to the second, for evidence and for what is due at any moment."""
    return date_format(timezone.localtime(at), "Y-m-d H:i:s")


def pretty_json(value: Any, *, reveal: bool = False) -> SafeString:
    """A JSON value for people: indented, at most 20,000 characters, numbers as they were written.

    Personal data is hidden unless ``reveal`` (pass ``may_see_personal_data(request.user)``), secrets always.
    Characters that nobody sees are written out: here they are evidence.
    """
    return _json(without_secrets(value) if reveal else masked(value))


def our_json(value: Any) -> SafeString:
    """The same of a JSON value that hireops has written itself, which names nobody but staff."""
    return _json(redacted(value))


def _json(value: Any) -> SafeString:
    text, cut = _first_characters(_written(value))
    note = format_html('<p class="help">{}</p>', _("Only the beginning is shown.")) if cut else ""
    return format_html('<pre class="json" tabindex="0">{}</pre>{}', escaped_invisible(text), note)


def _first_characters(pieces: Iterator[str]) -> tuple[str, bool]:
    taken, length = [], 0
    for piece in pieces:
        taken.append(piece)
        length += len(piece)
        if length > LONGEST_JSON:
            break
    # A lone surrogate is legal in JSON but cannot be sent to a browser.
    text = "".join(taken)[:LONGEST_JSON].encode("utf-8", "backslashreplace").decode()
    return text, length > LONGEST_JSON


def _written(value: Any, indent: str = "") -> Iterator[str]:
    """Like ``json.dumps(value, indent=2)``, piece by piece, and a ``Decimal`` is a number with its zeros."""
    if len(indent) > 2 * DEEPEST:
        yield "…"
    elif isinstance(value, dict) and value:
        members = ((f"{json.dumps(str(key), ensure_ascii=False)}: ", item) for key, item in value.items())
        yield from _block("{", members, "}", indent)
    elif isinstance(value, list | tuple) and value:
        yield from _block("[", (("", item) for item in value), "]", indent)
    elif isinstance(value, Decimal):
        yield str(value)
    else:
        yield json.dumps(value, ensure_ascii=False, default=str)


def _block(opening: str, members: Iterator[tuple[str, Any]], closing: str, indent: str) -> Iterator[str]:
    separator = opening
    for name, item in members:
        yield f"{separator}\n{indent}  {name}"
        yield from _written(item, f"{indent}  ")
        separator = ","
    yield f"\n{indent}{closing}"
