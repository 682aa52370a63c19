"""The options of a field as people type them: one on a line, ``本科 | Bachelor [o1]``."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# No two neighbouring parts can take the same character, so that the time grows with the line.
LINE = re.compile(r"(?P<zh>[^|｜\[\]]+)(?:[|｜](?P<en>[^|\[\]]*))?(?:\[(?P<key>[A-Za-z0-9_]{1,40})\])?")
NUMBERED = re.compile(r"o([0-9]{1,6})")
MOST = 200


def written(options: Iterable[Mapping[str, Any]]) -> str:
    """As they stand in the box. The key at the end keeps an option the same while its name changes."""
    return "\n".join(
        f"{each['name_zh']}{' | ' + each['name_en'] if each['name_en'] else ''} [{each['key']}]"
        for each in options
    )


def read(text: str, before: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """``text`` as options. One without a key gets that of an option of the same name in ``before``, or a new
    one. Raises ``ValidationError``."""
    before = list(before)
    lines = [line.strip() for line in text.replace("［", "[").replace("］", "]").splitlines() if line.strip()]
    if len(lines) > MOST:
        raise ValidationError(_("At most %(most)s options.") % {"most": MOST})
    options = [_read(line) for line in lines]
    taken = {option["key"] for option in options if option["key"]}
    keys = {each["name_zh"]: each["key"] for each in before}
    for option in options:
        if not option["key"] and keys.get(option["name_zh"], "") not in {"", *taken}:
            option["key"] = keys[option["name_zh"]]
            taken.add(option["key"])
    number = max((_number(key) for key in {*taken, *keys.values()}), default=0)
    for option in options:
        if not option["key"]:
            number += 1
            option["key"] = f"o{number}"
    _refuse_the_same_twice(options)
    return options


def _read(line: str) -> dict[str, str]:
    found = LINE.fullmatch(line)
    if found is None:
        raise ValidationError(
            _("This line can't be read: “%(line)s”. Write the Chinese name, and after | the English one.")
            % {"line": line}
        )
    return {"key": found["key"] or "", "name_zh": found["zh"].strip(), "name_en": (found["en"] or "").strip()}


def _number(key: str) -> int:
    numbered = NUMBERED.fullmatch(key)
    return int(numbered[1]) if numbered else 0


def _refuse_the_same_twice(options: list[dict[str, str]]) -> None:
    for name in ("key", "name_zh"):
        seen: set[str] = set()
        for option in options:
            if option[name].casefold() in seen:
                raise ValidationError(_("“%(what)s” is there twice.") % {"what": option[name]})
            seen.add(option[name].casefold())
