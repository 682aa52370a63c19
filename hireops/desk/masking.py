"""Hiding personal data and secrets from those who have no right to see them.

Feishu's payloads are nested and grow new fields, and nobody knows which of these will be about a person. So
for who lacks the right everything is masked but what is known to be harmless: by the name of its key, all of
which are here, *and* by its shape. A new field that staff should read adds its key below.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from hireops.contacts import mask, without_contacts

# Never shown, not even a part. Credentials of ours, and those that candidates log in to an exam with.
SECRET_KEYS = frozenset(
    {"authorization", "encrypt_key", "password", "secret", "ticket", "token", "username"}
    | {"exam_url", "report_url", "url"}  # whoever has the link has the report
)
SECRET_ENDINGS = ("_password", "_secret", "_ticket", "_token")

# Within these lists everything is hidden whole, except how the fields are defined: what a customer typed
# into a field may be a credential. The page of the account shows it, to those who have the right.
TYPED_KEYS = frozenset({"custom_field_list"})
DEFINITION_KEYS = frozenset({"description", "is_required", "key", "name", "options", "type"})

# Codes, numbers and times that name no person; shown if they look like one.
CODE_KEYS = frozenset(
    {"account_id", "additional_item_id_list", "app_id", "application_id", "background_check_id"}
    | {"custom_field_key_list", "event_id", "exam_id", "external_order_id", "id", "key", "open_id"}
    | {"package_id", "package_id_list", "paper_id", "paper_id_list", "referral_account_id", "stage_id"}
    | {"talent_id", "tenant_key", "union_id", "uuid", "log_id", "logid"}
    | {"code", "currency_type", "event_type", "field", "http_status", "ip_list", "schema", "scope", "status"}
    | {"type", "usage_list", "withdraw_bonus_type", "report_url_type", "user_id_type", "has_more"}
    | {"amount", "bonus_type", "characters", "duration", "expire", "page_size", "point_bonus"}
    | {"question_count", "answer_time", "create_time", "end_time", "end_trans_time", "modify_time"}
    | {"result_time", "stage_time", "start_time", "start_trans_time", "trans_time", "ts"}
)
CODE = re.compile(r"[A-Za-z0-9_.:/+-]{0,128}")
# A sentence of Feishu's, or a name that staff of a company have given a thing.
SENTENCE_KEYS = frozenset({"account_name", "message", "msg", "not_kept"})
# Within these, also names and descriptions are those of things.
THING_KEYS = frozenset({"additional_item_list", "options", "package_list", "paper_list"})
THING_SENTENCE_KEYS = frozenset({"description", "name"})
# What is written in both languages stands under these, and is what its own key says.
LANGUAGES = frozenset({"en_us", "zh_cn"})

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
LONGEST_SENTENCE = 20_500  # no page and no kept answer shows more, so no more is searched
HIDDEN = "***"
DEEPEST = 50


def may_see_personal_data(user: User | AnonymousUser) -> bool:
    return user.has_perm("desk.view_personal_data")


def masked(value: Any) -> Any:
    """A copy of a JSON value of Feishu's in which all is hidden but what is known to name no person."""
    return _Copy(_rule_of_masking).of(value, _masked)


def without_secrets(value: Any) -> Any:
    """A copy of a JSON value for who may see personal data: only secrets are hidden, from everybody."""
    return _Copy(_same_below).of(value, _as_it_is)


def redacted(value: Any) -> Any:
    """A copy of a JSON value that hireops wrote itself, without secrets and without anybody's contacts."""
    return _Copy(_same_below).of(value, _sentence)


# How a text or a number is shown.
Shown = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Copy:
    """``below(name, shown, of_things)`` says how what stands below a key is shown, where ``shown`` is how
    everything around it is."""

    below: Callable[[str, Shown, bool], Shown]

    def of(self, value: Any, shown: Shown, *, depth: int = 0, of_things: bool = False) -> Any:
        if depth > DEEPEST:
            return "…"
        if isinstance(value, Mapping):
            return {
                _key(str(key), shown): self._member(
                    str(key).lower(), member, shown, depth=depth, of_things=of_things
                )
                for key, member in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.of(item, shown, depth=depth + 1, of_things=of_things) for item in value]
        return value if value is None or isinstance(value, bool) else shown(value)

    def _member(self, name: str, value: Any, shown: Shown, *, depth: int, of_things: bool) -> Any:
        if name in SECRET_KEYS or name.endswith(SECRET_ENDINGS):
            return _hidden(value)
        if name in TYPED_KEYS:
            return self._fields(value, shown, depth) if isinstance(value, list | tuple) else _hidden(value)
        below = self.below(name, shown, of_things)
        return self.of(value, below, depth=depth + 1, of_things=of_things or name in THING_KEYS)

    def _fields(self, fields: list[Any] | tuple[Any, ...], shown: Shown, depth: int) -> list[Any]:
        return [
            self._field(field, shown, depth) if isinstance(field, Mapping) else _hidden(field)
            for field in fields
        ]

    def _field(self, field: Mapping[Any, Any], shown: Shown, depth: int) -> dict[Any, Any]:
        """How a field is defined is no secret; of one that has been filled in, only its key is shown."""
        readable = DEFINITION_KEYS if "is_required" in field or "type" in field else {"key"}
        return {
            _key(str(key), shown): self._part(str(key).lower(), part, shown, depth)
            if key in readable
            else _hidden(part)
            for key, part in field.items()
        }

    def _part(self, name: str, part: Any, shown: Shown, depth: int) -> Any:
        return self._member(name, part, shown, depth=depth + 1, of_things=True)


def _same_below(_name: str, shown: Shown, _of_things: bool) -> Shown:  # noqa: FBT001  as _rule_of_masking
    return shown


def _rule_of_masking(name: str, shown: Shown, of_things: bool) -> Shown:  # noqa: FBT001  called by _Copy alone
    if name in LANGUAGES:
        return shown
    if name in CODE_KEYS:
        return _code
    is_sentence = name in SENTENCE_KEYS or (of_things and name in THING_SENTENCE_KEYS)
    return _sentence if is_sentence else _masked


def _key(key: str, shown: Shown) -> str:
    """It may be somebody's name or number as well."""
    return key if shown is _as_it_is or KEY.fullmatch(key) else mask(key)


def _as_it_is(value: Any) -> Any:
    return value


def _masked(value: Any) -> str:
    return mask(str(value))


def _sentence(value: Any) -> Any:
    text = str(value)
    if len(text) > LONGEST_SENTENCE:
        text = value = f"{text[:LONGEST_SENTENCE]}…"
    without = without_contacts(text)
    return value if without == text else without


def _code(value: Any) -> Any:
    return _sentence(value) if CODE.fullmatch(str(value)) else _masked(value)


def _hidden(value: Any) -> Any:
    return HIDDEN if value else value
