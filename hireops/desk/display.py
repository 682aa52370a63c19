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
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

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


def lines(texts: Iterable[str]) -> SafeString:
    """One below the other."""
    return format_html_join(SafeString("<br>"), "{}", ((text,) for text in texts))


def duration(length: timedelta) -> str:
    """A length of time in its largest unit: ``42 s``, ``5 min``, ``3 h``, ``12 d``."""
    seconds = max(int(length.total_seconds()), 0)
    for unit, text in ((86_400, _("%(count)d d")), (3_600, _("%(count)d h")), (60, _("%(count)d min"))):
        if seconds >= 2 * unit:
            return text % {"count": seconds // unit}
    return _("%(count)d s") % {"count": seconds}


def moment(at: datetime) -> str:
    """A time to the second, as the reader's clock shows it."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"


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
    return format_html('<pre class="json">{}</pre>{}', escaped_invisible(text), note)


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
