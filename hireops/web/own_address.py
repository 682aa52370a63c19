"""hireops asks at its own ``PUBLIC_URL``, as others would: through name service, certificate and proxy."""

from collections.abc import Mapping
from dataclasses import dataclass

import requests
import urllib3

from hireops.environment import is_this_machine

CONNECT_S, READ_S = 3.0, 5.0
# ``requests`` says OSErrors, but not of a body that it is asked to read in part.
NO_ANSWER = (OSError, urllib3.exceptions.HTTPError)


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """``begins`` is the body as it was sent, or as much of it as was wanted."""

    status: int
    headers: Mapping[str, str]
    begins: bytes


def ask_own_address(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, at_most: int
) -> OwnAnswer:
    """What is answered there, ``at_most`` so many bytes of it; nothing is followed elsewhere.

    Raises one of ``NO_ANSWER``.
    """
    meant = {"User-Agent": "hireops", "Accept-Encoding": "identity", **headers}
    with requests.Session() as session:
        session.trust_env = not is_this_machine(url)  # proxies are for what lies outside this machine
        session.auth = lambda request: request  # and not that of ~/.netrc
        with session.request(
            method,
            url,
            data=body,
            headers=meant,
            timeout=(CONNECT_S, READ_S),
            allow_redirects=False,
            stream=True,
        ) as answer:
            return OwnAnswer(answer.status_code, answer.headers, answer.raw.read(at_most))
