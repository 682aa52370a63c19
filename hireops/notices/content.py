"""What a message says: a card (JSON 2.0) in both languages, with one button that opens our page.

No callback button: deciding happens on our page, where it is known who decides.
"""

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from hireops.notices import sources
from hireops.notices.models import Message, Recipient
from hireops.notices.sources import Source

# What Feishu calls the language: what Django calls it.
LANGUAGES = {"zh_cn": "zh-hans", "en_us": "en"}


def told_by(message: Message) -> dict[Source, list[str]]:
    """By source the keys that are still so and that the person still wants to be told of."""
    keys: dict[Source, list[str]] = defaultdict(list)
    recipient = Recipient.objects.filter(person=message.person_id).first()
    unwanted = recipient.switched_off if recipient else []
    for occasion in message.occasions.filter(over_at=None).order_by("pk"):
        source = sources.get(occasion.source)
        if source and source.kind not in unwanted:
            keys[source].append(occasion.key)
    return keys


def sentences(message: Message) -> list[str]:
    """In the active language; whatever has become of it since."""
    if message.is_test:
        return [_("This is a test. Messages of hireops reach you here.")]
    keys: dict[str, list[str]] = defaultdict(list)
    for occasion in message.occasions.order_by("pk"):
        keys[occasion.source].append(occasion.key)
    found = ((sources.get(name), of_source) for name, of_source in keys.items())
    return [source.sentence(of_source) for source, of_source in found if source]


def card_of(message: Message, told: dict[Source, list[str]]) -> dict[str, Any]:
    """As Feishu takes it (feishu-cards, JSON 2.0), with the reader's language chosen there."""
    texts = {}
    for code, language in LANGUAGES.items():
        with translation.override(language):
            texts[code] = _texts(message, told)
    is_urgent = any(source.is_urgent for source in told)
    opens = {"type": "open_url", "default_url": f"{settings.PUBLIC_URL}{_path(told)}"}
    button = {"tag": "button", "type": "primary", "text": _text(texts, "button"), "behaviors": [opens]}
    return {
        "schema": "2.0",
        "config": {"enable_forward": False, "update_multi": True},
        "header": {"title": _text(texts, "title"), "template": "red" if is_urgent else "blue"},
        "body": {"elements": [{"tag": "div", "text": _text(texts, "sentence")}, button]},
    }


def _texts(message: Message, told: dict[Source, list[str]]) -> dict[str, str]:
    said = [source.sentence(keys) for source, keys in told.items()] or sentences(message)
    titles = dict.fromkeys(_title(source) for source in told)
    return {
        "title": _("hireops: a test") if message.is_test else " · ".join(titles),
        "sentence": "\n".join(said),
        "button": _("Open hireops"),
    }


def _title(source: Source) -> str:
    titles = {
        sources.Kind.TO_DECIDE: _("Waiting for your decision"),
        sources.Kind.DECIDED: _("Your request was decided"),
        sources.Kind.WORK_ENDED: _("Long work has ended"),
        sources.Kind.ALARM: _("Alarm"),
    }
    return titles[source.kind]


def _text(texts: dict[str, dict[str, str]], name: str) -> dict[str, Any]:
    by_language = {code: each[name] for code, each in texts.items()}
    return {"tag": "plain_text", "content": by_language["zh_cn"], "i18n_content": by_language}


def _path(told: dict[Source, list[str]]) -> str:
    """Of the one source that there is; the home page shows what waits if there are several."""
    if len(told) == 1:
        [(source, keys)] = told.items()
        return source.path(keys)
    return reverse("admin:index")
