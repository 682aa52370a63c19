"""What hireops itself says of a call that has failed, where Feishu has not said anything.

It is kept in English in the row of the try, beside what Feishu says in its own words; each reader gets it in
their own language (``in_words``).
"""

import re

from django.utils.translation import gettext, gettext_noop

NO_ANSWER = gettext_noop("no answer (%(kind)s)")
NO_CONNECTION = gettext_noop("no connection (%(kind)s)")
NOT_FEISHUS = gettext_noop("HTTP %(status)s without an answer of Feishu's (%(kind)s)")
UNREADABLE = gettext_noop("the answer's %(field)s cannot be read")
NOBODY_NAMED = gettext_noop("the answer names nobody")
WITHOUT_TOKEN = gettext_noop("the answer has no token")
UNUSABLE_TOKEN = gettext_noop("an answer without a usable %(name)s or expire")
NO_ACCESS = gettext_noop("no access token: %(why)s")
NO_TICKET = gettext_noop("no app_ticket yet; Feishu was asked to send one")
SECRET_REFUSED = gettext_noop("Feishu has refused the app secret, and is not asked with it again")
NO_TENANT = gettext_noop("a store app calls for one tenant, and none was named")
FETCHED_ELSEWHERE = gettext_noop("another process is still fetching it")
QUOTA_USED_UP = gettext_noop("the quota of %(endpoint)s is used up for %(seconds)s s")
QUOTA_NOT_COUNTED = gettext_noop("the quota could not be counted (%(kind)s)")
TOO_LATE = gettext_noop("it was too late to send")
NOT_READY = gettext_noop("what the call needs is not ready")
POINTLESS = gettext_noop("the call has become pointless")
TENANT_GONE = gettext_noop("the tenant has uninstalled the app")

PLACEHOLDER = re.compile(r"%\\\((\w+)\\\)s|%\((\w+)\)s")


def _reading(sentence: str) -> re.Pattern[str]:
    return re.compile(PLACEHOLDER.sub(lambda name: f"(?P<{name[1] or name[2]}>.*)", re.escape(sentence)))


_SENTENCES = {
    sentence: _reading(sentence)
    for sentence in (
        *(NO_ANSWER, NO_CONNECTION, NOT_FEISHUS, UNREADABLE, NOBODY_NAMED, WITHOUT_TOKEN, UNUSABLE_TOKEN),
        *(NO_ACCESS, NO_TICKET, NO_TENANT, FETCHED_ELSEWHERE, QUOTA_USED_UP, QUOTA_NOT_COUNTED, TOO_LATE),
        *(NOT_READY, POINTLESS, TENANT_GONE, SECRET_REFUSED),
    )
}


def in_words(message: str) -> str | None:
    """The sentence that was kept, in the reader's language; None if it is none of ours.

    Business apps may have others without anything to fill in: ``gettext_noop`` where they are raised.
    """
    for sentence, reading in _SENTENCES.items():
        if found := reading.fullmatch(message):
            given = found.groupdict()
            if sentence == NO_ACCESS:
                given["why"] = in_words(given["why"]) or given["why"]
            return gettext(sentence) % given
    said = gettext(message) if message else ""
    return said if said != message else None
