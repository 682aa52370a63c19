"""Amounts and currencies as people and banks write them, read."""

import re
import unicodedata
from collections.abc import Collection
from decimal import Decimal

from hireops.invisible import without_invisible
from referrals.models import POINTS

# Groups of three, or none; what is written in any other way could mean two amounts.
NUMBER = r"(?:\d{1,3}(?:[, ']\d{3})++|\d++)(?:\.\d*+)?|\.\d++"
# Possessive, so that the time of a match grows with the text: nothing before the number can be part of it.
WRITTEN = re.compile(rf"(?P<before>[^\d.,+\-]*+)(?P<number>{NUMBER})(?P<after>[^\d.,+\-]*+)", re.ASCII)
BETWEEN_DIGITS = re.compile(r"[, ']")

DOLLARS = frozenset({"USD", "HKD", "SGD", "AUD", "NZD", "CAD", "TWD", "MXN", "BND"})
# How an asset is written besides its code. One sign may stand for several.
NAMES: dict[str, frozenset[str]] = {
    "积分": frozenset({POINTS}),
    "points": frozenset({POINTS}),
    "point": frozenset({POINTS}),
    "¥": frozenset({"CNY", "JPY"}),
    "rmb": frozenset({"CNY"}),
    "cn¥": frozenset({"CNY"}),
    "人民币": frozenset({"CNY"}),
    "人民币元": frozenset({"CNY"}),
    "元": frozenset({"CNY"}),
    "元整": frozenset({"CNY"}),
    "元人民币": frozenset({"CNY"}),
    "$": DOLLARS,
    "us$": frozenset({"USD"}),
    "美元": frozenset({"USD"}),
    "hk$": frozenset({"HKD"}),
    "港币": frozenset({"HKD"}),
    "港元": frozenset({"HKD"}),
    "nt$": frozenset({"TWD"}),
    "新台币": frozenset({"TWD"}),
    "s$": frozenset({"SGD"}),
    "新加坡元": frozenset({"SGD"}),
    "a$": frozenset({"AUD"}),
    "澳元": frozenset({"AUD"}),
    "c$": frozenset({"CAD"}),
    "加元": frozenset({"CAD"}),
    "€": frozenset({"EUR"}),
    "欧元": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "英镑": frozenset({"GBP"}),
    "円": frozenset({"JPY"}),
    "日元": frozenset({"JPY"}),
    "jp¥": frozenset({"JPY"}),
    "₩": frozenset({"KRW"}),
    "韩元": frozenset({"KRW"}),
    "฿": frozenset({"THB"}),
    "泰铢": frozenset({"THB"}),
    "₫": frozenset({"VND"}),
    "越南盾": frozenset({"VND"}),
    "₱": frozenset({"PHP"}),
    "₹": frozenset({"INR"}),
    "rm": frozenset({"MYR"}),
    "林吉特": frozenset({"MYR"}),
    "rp": frozenset({"IDR"}),
    "印尼盾": frozenset({"IDR"}),
    "瑞士法郎": frozenset({"CHF"}),
}


def read_amount(text: str, asset: str) -> Decimal | None:
    """What ``text`` says of this asset, such as ``CNY 1,123.00``, ``￥1123`` or ``１１２３元`` of CNY.

    None if it is no amount that can be read in one way only, or an amount of something else.
    """
    written = WRITTEN.fullmatch(_plain(text))
    if written is None or not all(_fits(unit, asset) for unit in (written["before"], written["after"])):
        return None
    return Decimal(BETWEEN_DIGITS.sub("", written["number"]))


def names_asset(text: str, asset: str) -> bool:
    """Whether ``text`` is this asset's code, one of its usual names, or a sign that may stand for it."""
    return asset in _named(_plain(text), asset)


def _fits(unit: str, asset: str) -> bool:
    return not unit.strip() or asset in _named(unit, asset)


def _named(text: str, asset: str) -> Collection[str]:
    word = "".join(text.split())
    return {asset} if word == asset.casefold() else NAMES.get(word, frozenset())


def _plain(text: str) -> str:
    """Half-width and lower case; any space or apostrophe is one of the keyboard's."""
    half_width = unicodedata.normalize("NFKC", without_invisible(text)).casefold().replace("’", "'")
    return " ".join(half_width.split())
