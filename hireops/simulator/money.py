"""Money as whole cents, and the currencies of contract 2.8. No amount is ever a float."""

from decimal import Decimal, InvalidOperation

_NUMBERED = """
    CNY USD GBP HKD TWD EUR JPY INR MYR SGD DKK CHF RUB VND IDR BRL THB AED KRW MOP AUD MAD CAD NZD
    NOK SAR LAK KHR MMK NPR TRY ILS PLN MXN EGP PHP ZAR SEK BND GEL KGS BYN AZN NGN CDF ZWL PKR BDT
"""
CURRENCIES = tuple(_NUMBERED.split())
CURRENCY_FORMS = ("iso", "number", "digits")  # "CNY", 1, "1"
_MOST_CENTS = 10**14


def cents_of(text: str) -> int:
    """The cents in an amount such as ``12.30``; ``ValueError`` when it is none, or finer than a cent."""
    try:
        cents = Decimal(text).scaleb(2)
        whole = int(cents)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"{text!r} is not an amount.") from None
    if cents != whole or abs(whole) > _MOST_CENTS:
        raise ValueError(f"{text!r} is not an amount in whole cents.")
    return whole


def amount(cents: int) -> Decimal:
    """``10000`` cents as ``Decimal("100.00")``."""
    return Decimal(cents).scaleb(-2)


def currency_on_the_wire(currency: str, form: str) -> str | int:
    """``currency`` in one of ``CURRENCY_FORMS``."""
    number = CURRENCIES.index(currency) + 1
    if form == "number":
        return number
    return str(number) if form == "digits" else currency
