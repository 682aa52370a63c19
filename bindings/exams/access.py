"""How a candidate gets to an exam: link and login, which nobody reads in the database (contract 5.4)."""

import json
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from hireops.desk.errors import Refused
from hireops.encryption import decrypt, encrypt

LONGEST_URL, LONGEST_LOGIN = 2000, 255


@dataclass(frozen=True, slots=True)
class Access:
    """``username`` and ``password`` are empty where the link alone is enough."""

    exam_url: str = field(repr=False)
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def sealed(self) -> str:
        return encrypt(json.dumps(asdict(self)))


def opened(sealed: str) -> Access | None:
    """None if there is none, if it has been removed, or if the key that it was encrypted with is gone."""
    text = decrypt(sealed) if sealed else None
    return Access(**json.loads(text)) if text else None


def read_access(exam_url: str, username: str = "", password: str = "") -> Access:
    """What a person has typed. Raises ``Refused``, never quoting any of it."""
    access = Access(exam_url.strip(), username.strip(), password.strip())
    parts = _split(access.exam_url)
    if parts is None or len(access.exam_url) > LONGEST_URL:
        raise Refused(_("The link of the exam has to begin with https:// or http://, and to name a host."))
    if bool(access.username) != bool(access.password):
        raise Refused(_("Give user name and password, or neither where the link alone is enough."))
    if max(len(access.username), len(access.password)) > LONGEST_LOGIN:
        raise Refused(_("User name and password have 255 characters at the most."))
    return access


def _split(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        is_link = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(map(str.isspace, url))
        )
    except ValueError:
        return None
    return url if is_link else None
