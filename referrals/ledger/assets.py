"""How assets and amounts are written for people, alike on pages and in files."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

UNBROKEN = "\u00a0"  # a space at which no line ends
POINTS = "points"
# Points, and the currencies without a smaller unit (ISO 4217).
WHOLE = frozenset(
    {POINTS, "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"}
    | {"XAF", "XOF", "XPF"}
)


def asset_label(asset: str) -> str:
    """“points” in the reader's language; a currency is its ISO code."""
    return _("points") if asset == POINTS else asset


def in_order(assets: Iterable[str]) -> list[str]:
    """Points first, then the currencies."""
    return sorted(set(assets), key=lambda asset: (asset != POINTS, asset))


def as_counted(asset: str, amount: Decimal) -> Decimal:
    """Points and yen are whole, other money has two decimals, and so has what should be whole and is not."""
    is_whole = asset in WHOLE and amount == amount.to_integral_value()
    return amount.quantize(Decimal(1) if is_whole else Decimal("0.01"))


def amount_in_words(asset: str, amount: Decimal | None) -> str:
    """``1,200`` points; ``1,200.50`` of money; ``–`` for None."""
    return "–" if amount is None else f"{as_counted(asset, amount):,}"


def signed(asset: str, difference: Decimal) -> str:
    """``+1,200``, ``−0.50``."""
    return f"{'+' if difference > 0 else '−'}{amount_in_words(asset, abs(difference))}"


def in_words(asset: str, amount: Decimal) -> str:
    """``CNY 1,200.50``, which no line breaks in two."""
    return f"{asset_label(asset)}{UNBROKEN}{amount_in_words(asset, amount)}"
