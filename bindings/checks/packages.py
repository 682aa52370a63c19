"""What the catalogue knows of the packages and items that orders name (contract 4.4, 4.10)."""

import re
from collections.abc import Collection

from bindings.models import AdditionalItem, CheckPackage

VERSIONED = re.compile(r"(?P<code>.+)-v\d+")  # as bindings.offers.plan names what was there before


def codes_of(given_id: str) -> list[str]:
    """Which codes of ours an ID at Feishu may stand for: itself, and itself without a version."""
    versioned = VERSIONED.fullmatch(given_id)
    return [given_id, versioned["code"]] if versioned else [given_id]


def found(
    catalogue: type[CheckPackage] | type[AdditionalItem], ids: Collection[str]
) -> dict[str, CheckPackage | AdditionalItem]:
    """What each ID stands for, as far as the catalogue knows it."""
    codes = {id_: codes_of(id_) for id_ in ids if id_}
    wanted = {code for each in codes.values() for code in each}
    known = {each.code: each for each in catalogue.objects.filter(code__in=wanted)}
    named = {id_: next((known[code] for code in each if code in known), None) for id_, each in codes.items()}
    return {id_: each for id_, each in named.items() if each is not None}
