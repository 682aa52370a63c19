"""What the events of Feishu Hire say, typed: ``EcoExamCreated.of(payload)``. Fields have their API names.

Required is what the event is about, and every amount and time of a balance: none is ever guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from hireops.feishu.errors import FeishuError
from hireops.feishu.event_content import (
    EventContent,
    MissingContentError,
    elements,
    mapping,
    required_text,
    text,
)
from hireops.feishu.hire import reading
from hireops.feishu.hire.results import Bonus
from hireops.feishu.strict_json import gettext_noop

ID_LENGTH = 255
# What a scope may be beyond those that are documented: 32 bits, whether it comes as a number or as its text.
BIGGEST_SCOPE = 2**31 - 1
SCOPE_DIGITS = 9

# --- Parts of events


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What a customer typed into a field that we had defined. It may be a credential, or personal data.

    How values of other types than text come is not documented (contract 4.10): the text is then their JSON.
    """

    key: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """A candidate, or who has ordered. What Feishu leaves out is ""."""

    name: str
    first_name: str
    last_name: str
    mobile_code: str  # of the country, such as "86"
    mobile_number: str
    email: str

    @classmethod
    def of(cls, value: object) -> Self:
        person = mapping(value)
        mobile = person.get("mobile")
        if not isinstance(mobile, dict):
            mobile = {"number": mobile}
        return cls(
            name=text(person.get("name")),
            first_name=text(person.get("first_name")),
            last_name=text(person.get("last_name")),
            mobile_code=text(mobile.get("code")),
            mobile_number=text(mobile.get("number")),
            email=text(person.get("email")),
        )


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name in one language or both; ``id`` is its code where Feishu gives it one."""

    id: str
    zh_cn: str
    en_us: str

    @classmethod
    def of(cls, value: object) -> Self:
        named = mapping(value)
        name = named.get("name")
        if not isinstance(name, dict):
            name = {"zh_cn": name}
        identity = named.get("id") or named.get("code")
        return cls(text(identity), text(name.get("zh_cn")), text(name.get("en_us")))


@dataclass(frozen=True, slots=True)
class JobInfo:
    """The job that an exam is for. An address is the place itself, its district, city, state and country."""

    department: Named
    addresses: tuple[tuple[Named, ...], ...]

    @classmethod
    def of(cls, value: object) -> Self:
        job = mapping(value)
        parts = ("district", "city", "state", "country")
        return cls(
            Named.of(job.get("department")),
            tuple(
                (Named.of(address), *(Named.of(mapping(address).get(part)) for part in parts))
                for address in elements(job.get("addresses"))
            ),
        )


# --- Events


@dataclass(frozen=True, slots=True)
class EcoAccountCreated(EventContent):
    """A customer has added our account (contract 3.1). ``scope`` is None if it is no number.

    Unknown numbers are kept, and so is whatever stands in ``usage_list``.
    """

    account_id: str
    scope: int | None
    account_name: str
    usage_list: tuple[int | str | None, ...]
    custom_field_list: tuple[FieldValue, ...]

    without_event = gettext_noop("the event has no object under 'event'; the account can't be bound")

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        missing = gettext_noop("account_id is missing or is not text; the account can't be bound")
        account_id = required_text(event, "account_id", missing)
        if len(account_id) > ID_LENGTH:
            raise MissingContentError(
                gettext_noop("account_id is longer than 255 characters; the account can't be bound")
            )
        return cls(
            account_id=account_id,
            scope=_scope(event.get("scope")),
            account_name=text(event.get("account_name")),
            usage_list=tuple(_number_or_text(usage) for usage in elements(event.get("usage_list"))),
            custom_field_list=_field_values(event),
        )


@dataclass(frozen=True, slots=True)
class ReferralAccountAssetsUpdate(EventContent):
    """What is in a referral account after a change (contract 2.7)."""

    account_id: str
    modify_time: datetime
    confirmed_bonus: Bonus

    without_event = gettext_noop("the event has no object under 'event'; the balance can't be read")

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        missing = gettext_noop("account_id is missing or is not text; nobody knows whose balance it is")
        return cls(
            account_id=required_text(event, "account_id", missing),
            modify_time=_modify_time(event),
            confirmed_bonus=_confirmed_bonus(event),
        )


@dataclass(frozen=True, slots=True)
class EcoBackgroundCheckCreated(EventContent):
    """A customer has ordered a background check (contract 4.10). All but the two ids may be empty."""

    background_check_id: str
    account_id: str
    package_id: str
    additional_item_id_list: tuple[str, ...]
    comment: str = field(repr=False)
    candidate_info: Person
    client_contact_info: Person
    custom_field_list: tuple[FieldValue, ...]

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        return cls(
            background_check_id=_background_check_id(event),
            account_id=_ordering_account_id(event),
            package_id=text(event.get("package_id")),
            additional_item_id_list=tuple(
                text(item) for item in elements(event.get("additional_item_id_list"))
            ),
            comment=text(event.get("comment")),
            candidate_info=Person.of(event.get("candidate_info")),
            client_contact_info=Person.of(event.get("client_contact_info")),
            custom_field_list=_field_values(event),
        )


@dataclass(frozen=True, slots=True)
class EcoBackgroundCheckCanceled(EventContent):
    """A customer has ended a background check (contract 4.11); it may come before the order itself."""

    background_check_id: str
    termination_reason: str = field(repr=False)

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        return cls(_background_check_id(event), text(event.get("termination_reason")))


@dataclass(frozen=True, slots=True)
class EcoExamCreated(EventContent):
    """A customer has arranged an exam (contract 5.6). Only the SDK has what stands from ``talent_id`` on."""

    exam_id: str
    account_id: str
    paper_id: str
    candidate_info: Person
    talent_id: str
    application_id: str
    job_info: JobInfo

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        missing = gettext_noop("exam_id is missing or is not text; nobody knows which exam it is")
        exam_id = required_text(event, "exam_id", missing)
        if len(exam_id) > ID_LENGTH:
            raise MissingContentError(
                gettext_noop("exam_id is longer than 255 characters; the exam can't be kept")
            )
        return cls(
            exam_id=exam_id,
            account_id=_ordering_account_id(event),
            paper_id=text(event.get("paper_id")),
            candidate_info=Person.of(event.get("candidate_info")),
            talent_id=text(event.get("talent_id")),
            application_id=text(event.get("application_id")),
            job_info=JobInfo.of(event.get("job_info")),
        )


# --- Fields


def _background_check_id(event: Mapping[str, Any]) -> str:
    missing = gettext_noop("background_check_id is missing or is not text; nobody knows which order it is")
    return required_text(event, "background_check_id", missing)


def _ordering_account_id(event: Mapping[str, Any]) -> str:
    missing = gettext_noop("account_id is missing or is not text; nobody knows who has ordered")
    return required_text(event, "account_id", missing)


def _modify_time(event: Mapping[str, Any]) -> datetime:
    try:
        return reading.moment(dict(event), "modify_time")
    except FeishuError as error:
        raise MissingContentError(
            gettext_noop("modify_time is missing or is no time in milliseconds; the balance can't be placed")
        ) from error


def _confirmed_bonus(event: Mapping[str, Any]) -> Bonus:
    try:
        return Bonus.of(reading.member(reading.member(dict(event), "assets"), "confirmed_bonus"))
    except FeishuError as error:
        raise MissingContentError(
            gettext_noop("assets.confirmed_bonus is missing or can't be read; no amount is guessed")
        ) from error


def _scope(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= SCOPE_DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= BIGGEST_SCOPE else None


def _number_or_text(value: object) -> int | str | None:
    """A ``Decimal`` becomes text: a JSON column would take it as a float."""
    return value if isinstance(value, int | str) or value is None else text(value)


def _field_values(event: Mapping[str, Any]) -> tuple[FieldValue, ...]:
    """In their order; one that has no key is only a value."""
    given = elements(event.get("custom_field_list"))
    pairs = [pair if isinstance(pair, dict) else {"value": pair} for pair in given]
    return tuple(FieldValue(text(pair.get("key")), text(pair.get("value"))) for pair in pairs)
