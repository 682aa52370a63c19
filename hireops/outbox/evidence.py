"""What an attempt keeps of its request and its answer: enough to see what was said, nothing to be stolen."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from hireops.desk.masking import masked
from hireops.outbox.storable import storable

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
