"""What an attempt keeps of its request and its answer: enough to see what was said, nothing to be stolen."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from hireops.desk.masking import masked

LONGEST_CHARS = 10_000


def kept(value: Any) -> Any:
    """A JSON value with secrets and personal data hidden; of a long one the beginning, as text."""
    try:
        text = json.dumps(masked(storable(value)), cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return {"not_kept": type(error).__name__}
    if len(text) > LONGEST_CHARS:
        return {"beginning": text[:LONGEST_CHARS], "characters": len(text)}
    return json.loads(text)


def as_json(data: Any) -> Any:
    """The value as it will be read back from its column: a number that is not whole is its exact text.

    Raises ``ValueError``, ``TypeError`` or ``RecursionError`` for what is no JSON.
    """
    return json.loads(json.dumps(storable(data), cls=DjangoJSONEncoder, allow_nan=False))


def storable(value: Any) -> Any:
    """Without what PostgreSQL can't store: NUL, and one half of a surrogate pair."""
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
        case dict():
            return {storable(key): storable(member) for key, member in value.items()}
        case list() | tuple():
            return [storable(member) for member in value]
    return value
