"""Whether a line of a results file is about what was handed over: as much of the same, to the same person.

How that is written is no difference: separators of thousands, full-width digits, signs of currencies, spaces.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from django.utils.translation import gettext as _

from hireops import contacts
from hireops.contacts import mask
from hireops.invisible import without_invisible
from referrals.ledger.assets import asset_label, in_words
from referrals.models import Payment
from referrals.payments.amounts import names_asset, read_amount
from referrals.payments.results import ResultLine

# Excel keeps 15 digits of a number, and writes six of a long one into a CSV file: 6.94278E+18.
DIGITS_THAT_EXCEL_LEAVES = (6, 15)
STAR, STARS = "*", re.compile(r"\*+")
WRITTEN_BY_EXCEL = re.compile(r"\d+(?:\.\d+)?(?:E\+?\d{1,2})?", re.ASCII | re.IGNORECASE)


def difference(line: ResultLine, payment: Payment) -> str:
    """*The file says X, handed over was Y*, of the first that differs; nothing if none does.

    What the line does not say is not compared, nor what was never handed over or has been emptied since.
    Personal data is masked in the text.
    """
    return next(_differences(line, payment), "")


def _differences(line: ResultLine, payment: Payment) -> Iterator[str]:
    said = line.said
    if (asset := said.get("asset")) and not names_asset(asset, payment.asset):
        yield _said(_("Currency"), asset, asset_label(payment.asset))
    if (amount := said.get("amount")) and read_amount(amount, payment.asset) != payment.sum:
        yield _said(_("Sum"), amount, in_words(payment.asset, payment.sum))
    account_id = payment.amount.withdrawal.account.account_id
    if (written := said.get("account_id")) and not _is_same_id(written, account_id):
        yield _said(_("Account ID"), written, account_id)
    yield from _differences_of_person(line, payment)


def _differences_of_person(line: ResultLine, payment: Payment) -> Iterator[str]:
    code = line.said.get("mobile_code", "")
    people: list[tuple[str, str, str, Callable[[str, str], bool]]] = [
        ("employee", _("Employee"), payment.payee_name, _is_same_name),
        ("mobile", _("Mobile number"), payment.payee_mobile, lambda *both: _is_same_mobile(code, *both)),
        ("email", _("Email"), payment.payee_email, _is_same_text),
    ]
    for name, label, handed_over, is_same in people:
        written = line.said.get(name, "")
        if written and handed_over and not is_same(written, handed_over):
            yield _said_of_person(label, mask(written), mask(handed_over))


def _said(what: str, said: str, handed_over: str) -> str:
    text = _("%(what)s: the file says %(said)s, handed over was %(handed_over)s.")
    return text % {"what": what, "said": said, "handed_over": handed_over}


def _said_of_person(what: str, said: str, handed_over: str) -> str:
    if said != handed_over:
        return _said(what, said, handed_over)
    text = _("%(what)s: the file says something else than was handed over (%(handed_over)s).")
    return text % {"what": what, "handed_over": handed_over}


# --- The same in another writing


def _is_same_text(said: str, handed_over: str) -> bool:
    """Also where we or the bank have masked it."""
    said, handed_over = _plain(said), _plain(handed_over)
    return said in (handed_over, _plain(mask(handed_over))) or _fits_mask(said, handed_over)


def _fits_mask(said: str, handed_over: str) -> bool:
    """Whether the letters that ``said`` shows stand in ``handed_over`` where each run of stars hides some."""
    first, *between, last = STARS.split(said) if STAR in said else ("", "")
    place = len(first)
    for part in between:
        place = handed_over.find(part, place + 1) + len(part)
        if place < len(part):
            return False
    hides_some = STAR in said and place < len(handed_over) - len(last)
    return hides_some and handed_over.startswith(first) and handed_over.endswith(last)


def _is_same_name(said: str, handed_over: str) -> bool:
    return _is_same_text(said, handed_over) or _letters(said) == _letters(handed_over) != ""


def _is_same_mobile(code: str, said: str, handed_over: str) -> bool:
    """``code`` is what the line says of the country, or nothing."""
    try:
        parts = contacts.parts_of(handed_over)
    except contacts.UnreadableContactError:
        return _is_same_text(said, handed_over)
    if code and _digits(code) != parts["code"]:
        return False
    in_full = (parts["number"].lstrip("0"), parts["code"] + parts["number"])
    if STAR in said:
        return any(_fits_mask(_plain(said), _plain(each)) for each in (*in_full, handed_over))
    return _digits(said) in in_full or _is_same_id(said, parts["number"])


def _is_same_id(said: str, handed_over: str) -> bool:
    said, handed_over = _plain(said), _plain(handed_over)
    if said == handed_over or _fits_mask(said, handed_over):
        return True
    if not (WRITTEN_BY_EXCEL.fullmatch(said) and handed_over.isdecimal()):
        return False
    number = Decimal(said)
    return any(
        Context(prec=digits, rounding=rounding).create_decimal(handed_over) == number
        for digits in DIGITS_THAT_EXCEL_LEAVES
        for rounding in (ROUND_DOWN, ROUND_HALF_UP)
        if len(handed_over) > digits
    )


def _plain(text: str) -> str:
    half_width = unicodedata.normalize("NFKC", without_invisible(text)).casefold()
    return "".join(half_width.split())


def _letters(text: str) -> str:
    """Without the dots of a name: 买买提·艾力."""
    return "".join(character for character in _plain(text) if character.isalnum())


def _digits(text: str) -> str:
    return "".join(character for character in _plain(text) if character.isdecimal()).lstrip("0")
