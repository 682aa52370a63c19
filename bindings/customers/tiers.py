"""Tiers are whatever customers have: a new one comes by typing it, an old one is written as before."""

from bindings.customers.codes import normalised
from bindings.models import Customer
from hireops.desk.lists import different_values
from hireops.invisible import without_invisible


def known() -> list[str]:
    """The tiers that customers have, in their order."""
    return [tier for tier in different_values(Customer, "tier") if tier]


def as_known(text: str, among: dict[str, str] | None = None) -> str:
    """Return ``text`` with single spaces, or the spelling of a known tier that is compared as the same.

    For many of them give ``spellings()`` as ``among``, which learns the new ones.
    """
    tier = " ".join(without_invisible(text).split())
    if not tier:
        return ""
    among = spellings() if among is None else among
    return tier if tier in among.values() else among.setdefault(normalised(tier), tier)


def spellings() -> dict[str, str]:
    return {normalised(tier): tier for tier in known()}


def with_several_spellings() -> str:
    """Name the tiers of before that only differ in spaces, width or case (remark of ``check_invariants``)."""
    tiers = known()
    kept = spellings()
    pairs = [f"“{tier}” and “{kept[normalised(tier)]}”" for tier in tiers if kept[normalised(tier)] != tier]
    return f"tiers that are the same but for spaces, width or case: {', '.join(pairs)}" if pairs else ""
