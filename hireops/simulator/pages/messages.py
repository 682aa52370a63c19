"""What the app's bot has written to employees, as they see it in Feishu."""

from itertools import islice
from typing import Any

from django.utils.translation import get_language

from hireops.simulator.pages.logs import SHOWN, Context
from hireops.simulator.pages.place import Place
from hireops.simulator.records import BotMessage
from hireops.simulator.world import World


def messages_part(world: World, place: Place) -> Context:
    """The newest ones, in the language of the page as in that of somebody's Feishu."""
    with world.lock:
        newest = list(islice(reversed(world.state.messages), SHOWN))
        staff = world.state.staff
        receivers = {each.employee_id: staff.get(each.employee_id) for each in newest}
    return {
        "bot_messages": [
            {
                "message": each,
                "name": receiver.name if (receiver := receivers[each.employee_id]) else each.employee_id,
                **_shown(each),
            }
            for each in newest
        ]
    }


def _shown(message: BotMessage) -> Context:
    elements = message.card["body"]["elements"]
    buttons = [each for each in elements if each.get("tag") == "button"]
    return {
        "title": _words(message.card.get("header", {}).get("title")),
        "is_urgent": message.card.get("header", {}).get("template") == "red",
        "sentences": [_words(each.get("text")) for each in elements if each.get("tag") == "div"],
        "buttons": [{"words": _words(each.get("text")), "url": _url(each)} for each in buttons],
    }


def _words(text: Any) -> str:
    if not isinstance(text, dict):
        return ""
    language = "en_us" if get_language() == "en" else "zh_cn"
    by_language = text.get("i18n_content") or {}
    return str(by_language.get(language) or text.get("content", ""))


def _url(button: dict[str, Any]) -> str:
    """Only of the web: the page makes a link of it."""
    urls = (str(each.get("default_url", "")) for each in button.get("behaviors", []))
    return next((url for url in urls if url.startswith(("http://", "https://"))), "")
