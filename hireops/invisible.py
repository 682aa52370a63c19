"""Characters that nobody sees and that make a text look like another one: U+202E turns ``gpj.exe`` round."""

import re

# Controls; direction (U+061C, U+200E, U+200F, U+202A-202E, U+2066-2069); what has no width; marks
# of annotations; tags. The joiners U+200C and U+200D stay: Persian and emoji are written with them.
INVISIBLE = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def without_invisible(text: str) -> str:
    """``text`` as it reads."""
    return INVISIBLE.sub("", text)


def escaped_invisible(text: str) -> str:
    r"""``text`` with such characters written out, as ``\u202e``."""
    return INVISIBLE.sub(lambda found: json_escape(found[0]), text)


def json_escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
