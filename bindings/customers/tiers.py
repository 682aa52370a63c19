"""Tiers are whatever customers have: a new one comes by typing it, an old one is written as before."""

from bindings.models import Customer
from hireops.desk.lists import different_values
from hireops.invisible import without_invisible


def known() -> list[str]:
    """The tiers that customers have, in their order."""
    return [tier for tier in different_values(Customer, "tier") if tier]


def as_known(text: str, among: dict[str, str] | None = None) -> str:
    """``text`` with single spaces; as it is written elsewhere, if only upper and lower case differ.

    For many of them give ``spellings()`` as ``among``, which learns the new ones.
    """
    tier = " ".join(without_invisible(text).split())
    if not tier:
        return ""
    among = spellings() if among is None else among
    return among.setdefault(tier.casefold(), tier)


def spellings() -> dict[str, str]:
    return {tier.casefold(): tier for tier in known()}
