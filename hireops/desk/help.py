"""What each page is about, so that its *Help* leads to that page of the manual.

An admin class says it with ``help_page``; of pages that belong to no admin class it is registered by the name
of their address. What says nothing leads to the contents. A help page is named as its file is, without
``.md``, and may name a heading: ``"withdrawals#approve"``.
"""

from dataclasses import dataclass

from django.http import HttpRequest

from hireops.desk.staff import Reader

_by_address: dict[str, str] = {}
_app_of_half: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class HelpPage:
    """``name`` is empty for the contents, ``anchor`` for the beginning of the page."""

    name: str
    anchor: str


def register(help_page: str, *addresses: str) -> None:
    """Have pages without an admin class lead to ``help_page``; ``"admin:health"`` names one."""
    _by_address.update(dict.fromkeys(addresses, help_page))


def register_half(anchor: str, app_label: str) -> None:
    """Say whose the part of the contents with this anchor is: first for who may open pages of this app."""
    _app_of_half[anchor] = app_label


def registered() -> dict[str, str]:
    """The help page of each address that was registered."""
    return dict(_by_address)


def help_page_of(request: HttpRequest) -> HelpPage:
    match = request.resolver_match
    if match is None:
        return HelpPage("", "")
    model_admin = getattr(match.func, "model_admin", None)
    about = getattr(model_admin, "help_page", "") or _by_address.get(match.view_name, "")
    name, _sharp, anchor = about.partition("#")
    return HelpPage(name, anchor)


def is_half(anchor: str) -> bool:
    return anchor in _app_of_half


def is_own_half(anchor: str, reader: Reader) -> bool:
    return is_half(anchor) and reader.has_module_perms(_app_of_half[anchor])
