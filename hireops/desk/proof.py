"""Asking once more who somebody is, before what cannot be undone.

The desk knows where to ask (``irreversible`` of a staff action or page, ``edits_need_proof`` of an admin
class), not how a person proves it: who does registers a ``Demand``.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# The page that asks; None if the person has proved it lately, or in this very request.
Demand = Callable[[HttpRequest], HttpResponse | None]

_demands: list[Demand] = []


def register(demand: Demand) -> None:
    _demands.append(demand)


def page_that_asks(request: HttpRequest) -> HttpResponse | None:
    """To be shown in place of what was asked for; it leads on to exactly that."""
    return next((page for demand in _demands if (page := demand(request))), None)
