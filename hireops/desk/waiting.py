"""Pages that show something still under way, and look by themselves whether it has moved on.

An admin class says by ``StaffAdmin.waiting`` what its page waits for. ``static/desk/waiting.js`` then asks
for the same address with the state that the page shows (``HEADER``). As long as that is the state, the answer
is 204 and nothing is drawn; else it is the page without its frame, and the script puts in what has changed.

A look is nobody's visit: it keeps no session alive.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

HEADER = "X-Waiting"
FRAME = "desk/look.html"
STEPS = 4  # so many times at most a progress is said aloud


@dataclass(frozen=True, slots=True)
class Waiting:
    """``says`` is one short sentence, which is read aloud when it changes; so it changes in steps, not with
    each row (``share``). ``facts`` are cheap to find out, and differ as soon as the page would.

    ``is_over``: nothing more comes by itself, and ``says`` is how it ended.
    """

    says: str
    facts: tuple[object, ...] = ()
    is_over: bool = False

    @property
    def state(self) -> str:
        told = repr((self.says, self.facts, self.is_over))
        return hashlib.sha256(told.encode()).hexdigest()[:24]


def is_look(request: HttpRequest) -> bool:
    """Whether the page itself asks, and no person."""
    return request.method == "GET" and HEADER in request.headers


def unchanged(request: HttpRequest, waiting: Waiting | None) -> HttpResponse | None:
    """The whole answer to a look at a page that still is as it is shown; None if it has to be drawn."""
    if waiting is None or not is_look(request) or request.headers[HEADER] != waiting.state:
        return None
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


def context(request: HttpRequest, waiting: Waiting | None) -> dict[str, Any]:
    """For the template of a page: what it waits for, and the frame of what a look is answered."""
    return {"page_waits": waiting, **({"frame": FRAME} if is_look(request) else {})}


def share(what: str, done: int, total: int | None) -> str:
    """*Importing: 50 %*, in quarters; only *Importing* while nobody knows of how much."""
    if not total:
        return what
    percent = min(done * STEPS // total, STEPS) * 100 // STEPS
    return _("%(what)s: %(percent)s %%") % {"what": what, "percent": percent}
