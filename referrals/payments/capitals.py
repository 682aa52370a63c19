"""Amounts in Chinese capitals (大写金额), as a paper that is signed has them."""

from decimal import Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))


def in_capitals(amount: Decimal) -> str:
    """``人民币叁万捌仟陆佰叁拾肆元整`` for 38634; at most two decimals, not negative."""
    cents = int(amount.scaleb(2))
    yuan, (jiao, fen) = cents // 100, divmod(cents % 100, 10)
    return f"人民币{_yuan(yuan, cents)}{_jiao(jiao, after_yuan=bool(yuan and fen))}{_fen(fen)}"


def _yuan(yuan: int, cents: int) -> str:
    return f"{_whole(yuan)}元" if yuan or not cents else ""


def _jiao(jiao: int, *, after_yuan: bool) -> str:
    if jiao:
        return f"{DIGITS[jiao]}角"
    return DIGITS[0] if after_yuan else ""


def _fen(fen: int) -> str:
    return f"{DIGITS[fen]}分" if fen else "整"


def _whole(number: int) -> str:
    for unit, sign in UNITS:
        if number >= unit:
            high, low = divmod(number, unit)
            return f"{_whole(high)}{sign}{_rest(low, unit)}"
    return DIGITS[number]


def _rest(low: int, unit: int) -> str:
    """What stands behind a unit; 零 says that places between are empty."""
    if not low:
        return ""
    return f"{DIGITS[0] if low < unit // 10 else ''}{_whole(low)}"
