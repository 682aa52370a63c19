"""Hiding personal data and secrets from those who have no right to see them.

Feishu's payloads are nested and grow new fields, so they are masked by the name of the key. All names are
here, in one place; a new event that brings personal data adds its keys below.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from hireops.invisible import without_invisible

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

# Shown in part.
PERSONAL_KEYS = frozenset({"email", "mobile", "number", "phone", "value"})

# Within these objects a name is, or contains, the name of a person.
PERSON_KEYS = frozenset(
    {"candidate_info", "client_contact_info", "referrer", "report_file_list", "report_list"}
)
NAME_KEYS = frozenset({"first_name", "last_name", "name", "report_name"})

# Except, within a mobile number, the country's calling code.
CALLING_CODE = "code"

HIDDEN = "***"
DEEPEST = 50


def may_see_personal_data(user: User | AnonymousUser) -> bool:
    return user.has_perm("desk.view_personal_data")


def mask(text: str) -> str:
    """A little of ``text``, enough to recognise it: ``138****5678``, ``张*``, ``a***@b.com``."""
    text = without_invisible(text).strip()
    name, at, domain = text.rpartition("@")
    if at and name:
        return f"{name[0]}***@{domain}"
    digits = sum(character.isdigit() for character in text)
    if digits >= 11 and digits >= len(text) - 4:  # noqa: PLR2004  a mobile number, maybe with "+86 " and dashes
        return f"{text[:3]}****{text[-4:]}"
    return text[:1] + "*" * min(len(text) - 1, 3) if len(text) > 1 else "*" * len(text)


def masked(value: Any) -> Any:
    """A copy of a JSON value in which personal data and secrets are hidden, by the names of their keys."""
    return _masked(value, in_person=False, depth=0)


def without_secrets(value: Any) -> Any:
    """A copy of a JSON value for who may see personal data: only secrets are hidden, from everybody."""
    return _masked(value, in_person=None, depth=0)


def _masked(value: Any, *, in_person: bool | None, depth: int) -> Any:
    """``in_person`` is None where personal data is left as it is."""
    if depth > DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {key: _masked_member(str(key), member, in_person, depth) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item, in_person=in_person, depth=depth + 1) for item in value]
    return value


def _masked_member(key: str, value: Any, in_person: bool | None, depth: int) -> Any:  # noqa: FBT001  internal
    name = key.lower()
    if name in SECRET_KEYS or name.endswith(SECRET_ENDINGS):
        return _hidden(value)
    if name in TYPED_KEYS:
        return _fields_without_values(value)
    if in_person is None:
        return _masked(value, in_person=None, depth=depth + 1)
    if name in PERSONAL_KEYS or (in_person and name in NAME_KEYS):
        return _masked_leaves(value, depth)
    return _masked(value, in_person=in_person or name in PERSON_KEYS, depth=depth + 1)


def _hidden(value: Any) -> Any:
    return HIDDEN if value else value


def _fields_without_values(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return _hidden(value)
    return [_field_without_value(field) if isinstance(field, Mapping) else _hidden(field) for field in value]


def _field_without_value(field: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: part if key in DEFINITION_KEYS else _hidden(part) for key, part in field.items()}


def _masked_leaves(value: Any, depth: int) -> Any:
    """Everything below a personal key is personal: ``mobile`` may be a text or ``{code, number}``."""
    if depth > DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {
            key: member if key == CALLING_CODE else _masked_leaves(member, depth + 1)
            for key, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [_masked_leaves(item, depth + 1) for item in value]
    return value if value is None or isinstance(value, bool) else mask(str(value))
