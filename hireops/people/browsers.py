"""A browser in a few words, from what it says of itself."""

# The first one that is found: most say that they are Chrome and Safari too.
BROWSERS = (
    ("Lark/", "飞书 · Feishu"),
    ("Feishu", "飞书 · Feishu"),
    ("MicroMessenger/", "微信 · WeChat"),
    ("QQBrowser/", "QQ 浏览器"),
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


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in known if mark in user_agent), "")
