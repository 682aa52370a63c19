"""What a second event about an account says that the one before did not."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from bindings.models import EcoAccount


class Said(NamedTuple):
    """What an event says of an account; of each field its key and what was typed."""

    scope: int | None
    name: str
    usages: list[Any]
    fields: Sequence[tuple[str, str]]


def said_by(account: EcoAccount) -> Said:
    """What the newest event has said."""
    typed = list(account.values_given.order_by("position").values_list("key", "value"))
    return Said(account.scope, account.name, account.usages, typed)


def differences(before: Said, after: Said) -> list[dict[str, Any]]:
    """As ``AccountBinding.changes``. Of a field that is not there ``before`` or ``after`` is None."""
    changed = [
        {"what": name, "before": getattr(before, name), "after": getattr(after, name)}
        for name in ("name", "scope", "usages")
        if getattr(before, name) != getattr(after, name)
    ]
    return [*changed, *_of_fields(before.fields, after.fields)]


def _of_fields(
    before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    for key in dict.fromkeys(key for key, _value in (*before, *after)):
        # Feishu may name a key twice: then the first is compared with the first.
        pairs = zip_longest(_values(before, key), _values(after, key))
        for was, now in pairs:
            if was != now:
                yield {"what": "field", "key": key, "before": was, "after": now}


def _values(fields: Sequence[tuple[str, str]], key: str) -> list[str]:
    return [value for each, value in fields if each == key]
