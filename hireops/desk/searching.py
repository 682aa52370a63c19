"""What staff search for is in no address: it may be a person's number, and addresses are logged and kept.

The search field is sent by POST, and the address of the list that answers has the term encrypted, for this
person only; so its pages, its filters and the back button work as ever (docs/decisions/0021). Links of ours
may still name an id: ``?q=6942778198054125570``. By what stands in an address nobody is found by a contact.
"""

import json

from django.contrib.admin.views.main import SEARCH_VAR
from django.http import HttpRequest

from hireops.desk.staff import Reader
from hireops.encryption import decrypt, encrypt

ENCRYPTED = "~"
PURPOSE = "hireops.desk.searching"
LONGEST_TERM = 300


class UnreadableSearchError(ValueError):
    """Somebody else's, or from before the keys were changed."""


def in_address(term: str, reader: Reader) -> str:
    """What stands in the list's address for ``term``."""
    return ENCRYPTED + encrypt(json.dumps([reader.pk, term[:LONGEST_TERM]]), purpose=PURPOSE)


def was_typed(request: HttpRequest) -> bool:
    """Whether the list shows what was typed into the search field, and not what a link names."""
    return request.GET.get(SEARCH_VAR, "").startswith(ENCRYPTED)


def term_of(request: HttpRequest) -> str:
    """What is searched for. Raises ``UnreadableSearchError``."""
    given = request.GET.get(SEARCH_VAR, "").replace("\0", "")
    if not given.startswith(ENCRYPTED):
        return given
    text = decrypt(given.removeprefix(ENCRYPTED), purpose=PURPOSE)
    whose, term = json.loads(text) if text else (None, "")
    if whose is None or whose != request.user.pk:
        raise UnreadableSearchError
    return str(term)
