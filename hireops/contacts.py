"""Mobile numbers and email addresses as people write them: read for Feishu, or hidden from who may not."""

import re
import unicodedata
from decimal import Decimal
from typing import TypedDict

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from hireops.invisible import without_invisible

LONGEST_EMAIL = 254
INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
LEADING_APOSTROPHE = re.compile(r"^['‘’`]")
EXCEL_NUMBER = re.compile(r"(\d+(?:\.\d*)?)(?:[eE]\+?(\d{1,2}))?")
# Excel shows a long number as 8.6138E+12 and writes just that into a CSV file: the last digits are gone.
DIGITS_OF_A_SHORTENED_NUMBER = 6
WRITTEN_AS_MOBILE = re.compile(r"\+?[\d\s().\-/‐-―−]+")
INTERNATIONAL = re.compile(r"^(?:\+|00)")
HALF_WIDTH = {0xFEE0 + ord(character): character for character in "0123456789+@."}
DIGITS_OF_A_MOBILE = 11
NUMBERED = re.compile(r"[\d\s()+./-]*[\dXx]")
MASKED_NUMBER = re.compile(r"[\d\s()+./-]{3}\*{4}[\d\s()+./-]{3}[\dXx]")
# As they stand in the middle of somebody's sentence; longer runs of digits are ids and times. Mail servers
# allow 64 characters before the @: without that limit the time grows with the square of the text.
WITHIN_TEXT = re.compile(
    r"(?P<email>[\w.+%-]{1,64}@[\w-]++(?:\.[\w-]++)++)"
    r"|(?<!\d)(?P<identity>[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])(?!\d)"
    r"|(?<![\d+])(?P<mobile>(?:(?:\+|00)?86[ -]?)?1[3-9]\d(?:[ -]?\d){8})(?!\d)"
    r"|(?<!\d)(?P<abroad>\+[1-9]\d{0,2}(?:[ ().-]{0,2}\d){6,12})(?!\d)"
)
MOBILE_TYPES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}

BAD_MOBILE, CUT_MOBILE, BAD_EMAIL = "bad_mobile", "cut_mobile", "bad_email"
EXPLANATIONS = {
    BAD_MOBILE: gettext_lazy(
        "This is no mobile number. Write it like 138 0013 8000; that of another country with its code, like "
        "+852 9123 4567."
    ),
    CUT_MOBILE: gettext_lazy(
        "Excel has shortened this number (such as 1.38E+10), so its last digits are lost. Format the column "
        "as text, enter the number again and save the file again."
    ),
    BAD_EMAIL: gettext_lazy("This is no email address."),
}


class UnreadableContactError(ValueError):
    """Not a mobile number, or not an address. ``key`` is one of ``EXPLANATIONS``; the text is not in it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class MobileParts(TypedDict):
    code: str
    number: str


def read_mobile(text: str) -> str:
    """The number as E.164, such as ``+8613800138000``; "" for nothing. Raises ``UnreadableContactError``.

    Any usual spelling: spaces, dashes, brackets, full-width digits, ``0086``, and what Excel makes of numbers
    (``1.3800138E+10``). Without a country it is one of ``REFERRALS_PHONE_REGION``. The numbers of other
    countries need ``+`` or ``00``, or a mistyped one of ours could become somebody's abroad.
    """
    text = _as_typed(_plain(text))
    if not text:
        return ""
    if not WRITTEN_AS_MOBILE.fullmatch(text.replace("(+", "+(", 1)):
        raise UnreadableContactError(BAD_MOBILE)
    number = _parsed(INTERNATIONAL.sub("+", text))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def without_contacts(text: str) -> str:
    """The sentence with a little left of each mobile number, address and number of an ID card in it."""
    plain = without_invisible(text).translate(HALF_WIDTH)
    masked = WITHIN_TEXT.sub(lambda found: mask(found[0]), plain)
    return text if masked == plain else masked


def mask(text: str) -> str:
    """A little of ``text``, enough to recognise it: ``138****5678``, ``张*``, ``a***@b.com``."""
    text = without_invisible(text).strip()
    name, at, domain = text.rpartition("@")
    if at and name and "@" not in name and not re.search(r"\s", text):
        return f"{name[0]}***@{domain}"
    if MASKED_NUMBER.fullmatch(text):
        return text
    if sum(character.isdigit() for character in text) >= DIGITS_OF_A_MOBILE and NUMBERED.fullmatch(text):
        return f"{text[:3]}****{text[-4:]}"
    return text[:1] + "*" * min(len(text) - 1, 3) if len(text) > 1 else "*" * len(text)


def with_code(code: str, mobile: str) -> str:
    """One text of a country code and a number from two columns; ``read_mobile`` refuses if they disagree."""
    digits = re.sub(r"\D", "", _plain(code).partition(".")[0]).lstrip("0")
    if not digits or not mobile.strip():
        return mobile
    try:
        if parts_of(read_mobile(mobile))["code"] == digits:
            return mobile
    except UnreadableContactError as bad:
        if bad.key == CUT_MOBILE:
            return mobile  # no code makes up for digits that are lost
    return f"+{digits} {mobile.strip()}"


def parts_of(mobile: str) -> MobileParts:
    """An E.164 number as Feishu wants it: ``{"code": "86", "number": "13800138000"}`` (contract 2.1).

    Raises ``UnreadableContactError`` for one of no country.
    """
    try:
        number = phonenumbers.parse(mobile)
    except phonenumbers.NumberParseException:
        raise UnreadableContactError(BAD_MOBILE) from None
    national = phonenumbers.national_significant_number(number)
    return {"code": str(number.country_code), "number": national}


def read_email(text: str) -> str:
    """The address in lower case and half-width; "" for nothing. Raises ``UnreadableContactError``."""
    email = _plain(text).replace("。", ".").removeprefix("mailto:").lower()
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        raise UnreadableContactError(BAD_EMAIL) from None
    if len(email) > LONGEST_EMAIL:
        raise UnreadableContactError(BAD_EMAIL)
    return email


def _plain(text: str) -> str:
    """Half-width, without what cannot be seen and without the apostrophe that makes Excel keep a text."""
    visible = INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip()
    return LEADING_APOSTROPHE.sub("", visible).strip()


def _as_typed(text: str) -> str:
    """The digits of what Excel wrote as a number; any other text as it is."""
    written = EXCEL_NUMBER.fullmatch(text)
    if not written or ("." not in text and not written[2]):
        return text
    digits, power = written[1], int(written[2] or 0)
    if power and len(digits.replace(".", "")) <= DIGITS_OF_A_SHORTENED_NUMBER:
        raise UnreadableContactError(CUT_MOBILE)
    number = Decimal(digits).scaleb(power)
    return f"{number:.0f}" if number == number.to_integral_value() else text


def _parsed(text: str) -> PhoneNumber:
    try:
        number = phonenumbers.parse(text, settings.REFERRALS_PHONE_REGION)
    except phonenumbers.NumberParseException:
        raise UnreadableContactError(BAD_MOBILE) from None
    if phonenumbers.number_type(number) not in MOBILE_TYPES:  # it has none if it is not valid
        raise UnreadableContactError(BAD_MOBILE)
    return number
