"""What a candidate's order says in its fields, under their names (contract 4.10).

How values of other types than text come is documented nowhere, so every likely way is understood, and what is
not stays as it came. A field is named by the push that made its key, however old that is.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bindings.models import EcoAccount, OrderFormField, OrderFormPush
from bindings.order_forms.plan import Option, OrderField, Type, base_of
from hireops.desk.masking import HIDDEN
from hireops.feishu.strict_json import ShallowDecoder

MILLISECONDS = re.compile(r"-?[0-9]{12,14}")
SECONDS = re.compile(r"[0-9]{9,10}")
BETWEEN = re.compile(r"[,，;；、|\n]")
LINK = re.compile(r"https?://\S+", re.IGNORECASE)
YES, NO = {"true", "1", "yes", "y", "是", "有"}, {"false", "0", "no", "n", "否", "无"}
FILES = {Type.FILE, Type.RESUME}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``type`` is empty for a field that we never made; whatever it says counts as personal.

    ``shown`` is for people; ``links`` are the addresses of files and of the CV, which hireops never opens.
    Files are about nobody but the candidate, so they are personal.
    """

    key: str
    name_zh: str
    name_en: str
    type: str
    shown: str
    is_sensitive: bool
    links: tuple[str, ...] = ()

    @property
    def is_link(self) -> bool:
        return bool(self.links)

    @property
    def label(self) -> str:
        """The name of the field in the language of the page; its key if nobody knows it."""
        in_chinese = (get_language() or "").startswith("zh")
        return (self.name_zh if in_chinese else self.name_en or self.name_zh) or self.key

    @property
    def masked(self) -> str:
        """For who may not see the candidate."""
        return HIDDEN if self.is_sensitive and self.shown else self.shown


def labelled(account: EcoAccount | None, custom_field_list: Iterable[Mapping[str, Any]]) -> list[Answer]:
    """The answers of an order of this account (None: nobody knows it), in the order in which they came."""
    made = fields_made(account) if account else {}
    return [_answer(given, made) for given in custom_field_list]


def fields_made(account: EcoAccount) -> dict[str, tuple[OrderField, bool]]:
    """Every field that was ever sent to the account, and whether its answers are personal, by its key."""
    pushes = list(OrderFormPush.objects.filter(account=account).order_by("pk"))
    forms = {push.form_id for push in pushes}
    now = OrderFormField.objects.filter(form__in=forms, sensitive=True).values_list("base_key", flat=True)
    personal_now = set(now)
    made: dict[str, tuple[OrderField, bool]] = {}
    for push in pushes:
        for field in push.sent:
            sensitive = field.key in push.sensitive or base_of(field.key) in personal_now
            made[field.key] = (field, sensitive or made.get(field.key, (field, False))[1])
    return made


def _answer(given: Mapping[str, Any], made: Mapping[str, tuple[OrderField, bool]]) -> Answer:
    key, value = str(given.get("key") or ""), given.get("value")
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if key not in made:
        return Answer(key, "", "", "", text.strip(), is_sensitive=True)
    field, sensitive = made[key]
    links = tuple(dict.fromkeys(_links(text))) if field.type in FILES else ()
    shown = ", ".join(links) if links else _shown(field, text.strip())
    return Answer(
        key, field.name_zh, field.name_en, field.type, shown, sensitive or field.type in FILES, links
    )


def _shown(field: OrderField, text: str) -> str:
    match field.type:
        case Type.BOOLEAN:
            return _yes_or_no(text)
        case Type.DATE:
            return _date(text)
        case Type.SELECT | Type.MULTISELECT:
            return _chosen(field.options, text)
    return _plain(text)


def _plain(text: str) -> str:
    """The text; without quotes, if it came as JSON."""
    read = _json(text)
    return read if isinstance(read, str) else text


def _yes_or_no(text: str) -> str:
    word = _plain(text).strip().casefold()
    if word in YES:
        return _("yes")
    return _("no") if word in NO else text


def _date(text: str) -> str:
    """A day as the vendor's clock shows it."""
    word = _plain(text).strip()
    try:
        if MILLISECONDS.fullmatch(word):
            return _day(datetime.fromtimestamp(int(word) / 1000, UTC))
        if SECONDS.fullmatch(word):
            return _day(datetime.fromtimestamp(int(word), UTC))
    except (OverflowError, ValueError, OSError):
        return text
    return word


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"


def _chosen(options: Iterable[Option], text: str) -> str:
    in_chinese = (get_language() or "").startswith("zh")
    names = {each.key: each.name_zh if in_chinese else each.name_en or each.name_zh for each in options}
    between = "、" if in_chinese else ", "
    return between.join(names.get(word, word) for word in _words(text, known=names))


def _words(text: str, known: Mapping[str, str]) -> list[str]:
    """The keys that were chosen: one, a JSON list of them or of objects, or a list with commas."""
    read = _json(text)
    if read is None:
        return [text] if text in known else [word.strip() for word in BETWEEN.split(text) if word.strip()]
    return list(_names_in(read))


def _names_in(read: Any) -> Iterator[str]:
    match read:
        case list():
            for each in read:
                yield from _names_in(each)
        case {"key": str(key)} | {"value": str(key)} | {"id": str(key)}:
            yield key
        case {"name": dict() as name}:
            yield str(name.get("zh_cn") or name.get("en_us") or "")
        case {"name": str(name)}:
            yield name
        case str() | int() | float():
            yield str(read)


def _links(text: str) -> Iterator[str]:
    """Addresses, whether alone, in a list, or in objects with a name; none but those of the web."""
    read = _json(text)
    texts = list(_texts_in(read)) if read is not None else BETWEEN.split(text)
    for each in texts:
        if found := LINK.fullmatch(each.strip()):
            yield found[0]


def _texts_in(read: Any) -> Iterator[str]:
    match read:
        case str():
            yield read
        case list():
            for each in read:
                yield from _texts_in(each)
        case dict():
            yield from _texts_in(list(read.values()))


def _json(text: str) -> Any:
    """What the text says if it is a JSON text, list or object; else None."""
    if not text.startswith(('"', "[", "{")):
        return None
    try:
        return json.loads(text, cls=ShallowDecoder)
    except ValueError:
        return None
