"""A browser in a few words, from what it says of itself."""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The first one that is found: most say that they are Chrome and Safari too.
BROWSERS = (
    ("Lark/", _("Feishu")),
    ("Feishu", _("Feishu")),
    ("MicroMessenger/", _("WeChat")),
    ("QQBrowser/", _("QQ Browser")),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_in_words(user_agent: str) -> str:
    """Such as ``Chrome · Windows``; a dash for one that says nothing, its own words for an unknown one."""
    names = [name for known in (BROWSERS, SYSTEMS) if (name := _first(known, user_agent))]
    return " · ".join(names) or user_agent[:40] or "–"


def _first(known: Sequence[tuple[str, str | Promise]], user_agent: str) -> str:
    return next((str(name) for mark, name in known if mark in user_agent), "")
