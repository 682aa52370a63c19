"""What Feishu says, in a shape that every database can keep."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


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
