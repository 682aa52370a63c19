"""What Feishu's events say: the published examples, and what may come instead (contract 2.7 to 5.6)."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hireops.feishu.app_events import (
    AppOpenEvent,
    AppStatus,
    AppStatusChangeEvent,
    AppTicketEvent,
    AppUninstalledEvent,
)
from hireops.feishu.callbacks import Unreadable
from hireops.feishu.event_content import EventContent
from hireops.feishu.hire import Bonus, Cash
from hireops.feishu.hire.events import (
    EcoAccountCreated,
    EcoBackgroundCheckCanceled,
    EcoBackgroundCheckCreated,
    EcoExamCreated,
    FieldValue,
    Named,
    Person,
    ReferralAccountAssetsUpdate,
)

DATA = Path(__file__).parent.parent / "data" / "events"
TYPES: dict[str, type[EventContent]] = {
    "hire.eco_account.created_v1": EcoAccountCreated,
    "hire.referral_account.assets_update_v1": ReferralAccountAssetsUpdate,
    "hire.eco_background_check.created_v1": EcoBackgroundCheckCreated,
    "hire.eco_background_check.canceled_v1": EcoBackgroundCheckCanceled,
    "hire.eco_exam.created_v1": EcoExamCreated,
    "app_ticket.v1": AppTicketEvent,
    "app_open.v1": AppOpenEvent,
    "app_status_change.v1": AppStatusChangeEvent,
    "app_uninstalled.v1": AppUninstalledEvent,
}
# What an event is worth nothing without.
REQUIRED = {
    "hire.eco_account.created_v1": {"account_id"},
    "hire.referral_account.assets_update_v1": {"account_id", "modify_time", "assets"},
    "hire.eco_background_check.created_v1": {"background_check_id", "account_id"},
    "hire.eco_background_check.canceled_v1": {"background_check_id"},
    "hire.eco_exam.created_v1": {"exam_id", "account_id"},
    "app_ticket.v1": {"app_ticket"},
    "app_open.v1": set(),
    "app_status_change.v1": {"status"},
    "app_uninstalled.v1": set(),
}
ENVELOPE = {"app_id", "tenant_key", "type"}  # of schema 1.0, in the event itself
NOTHING: list[Any] = [None, 12, "", [], {}]
UNCLEAR: list[Any] = [
    {"point_bonus": Decimal("1.5")},
    {"cash_bonus": [{"currency_type": "CNY"}]},
    {"cash_bonus": {}},
]
CANDIDATE = Person(
    name="王二",
    first_name="",
    last_name="",
    mobile_code="86",
    mobile_number="18900001111",
    email="xxx@abc.vom",
)
SCALARS = [
    None,
    True,
    0,
    -1,
    10**30,
    Decimal("0.5"),
    Decimal("1E+400"),
    "",
    " ",
    "1",
    "1685431415036",
    "字",
    "x" * 300,
]
JSON = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "key"]), inner)
    ),
    max_leaves=6,
)


def published(name: str) -> dict[str, Any]:
    envelope: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(), parse_float=Decimal)
    return envelope


def read(name: str, **changes: Any) -> Any:
    """The published event with those fields changed; None takes a field away."""
    envelope = published(name)
    event = {**envelope["event"], **changes}
    envelope["event"] = {field: value for field, value in event.items() if value is not None}
    return TYPES[name.removesuffix(".sdk_extended")].of(envelope)


# --- As published


def test_an_account_that_was_added() -> None:
    assert read("hire.eco_account.created_v1") == EcoAccountCreated(
        account_id="6931286400470354183",
        scope=1,
        account_name="背调账号 001",
        usage_list=(1,),
        custom_field_list=(FieldValue("ord_id", "7233333"),),
    )


def test_a_balance_that_has_changed() -> None:
    assert read("hire.referral_account.assets_update_v1") == ReferralAccountAssetsUpdate(
        account_id="7147998241542539527",
        modify_time=datetime(2023, 5, 30, 7, 23, 35, 36000, UTC),
        confirmed_bonus=Bonus(100, (Cash("CNY", Decimal("100.00")),)),
    )


def test_a_background_check_that_was_ordered() -> None:
    assert read("hire.eco_background_check.created_v1") == EcoBackgroundCheckCreated(
        background_check_id="6931286400470354183",
        account_id="6931286400470354183",
        package_id="12",
        additional_item_id_list=("ext002",),
        comment="高阶候选人，请尽快处理",
        candidate_info=Person(
            name="王二",
            first_name="Ming",
            last_name="Lee",
            mobile_code="86",
            mobile_number="18900001111",
            email="xxx@abc.vom",
        ),
        client_contact_info=CANDIDATE,
        custom_field_list=(FieldValue("candidate_extra_info", "这是一些额外信息"),),
    )


def test_a_background_check_that_the_customer_ended() -> None:
    assert read("hire.eco_background_check.canceled_v1") == EcoBackgroundCheckCanceled(
        "6931286400470354183", "主动拒绝此次背调"
    )


def test_an_exam_that_was_arranged() -> None:
    exam = read("hire.eco_exam.created_v1")
    assert (exam.exam_id, exam.account_id) == ("7147998241542539527", "7147998241542539527")
    assert (exam.paper_id, exam.candidate_info) == ("paper001", CANDIDATE)
    assert (exam.talent_id, exam.application_id, exam.job_info.addresses) == ("", "", ())


def test_an_exam_with_what_only_the_sdk_knows() -> None:
    exam = read("hire.eco_exam.created_v1.sdk_extended")
    assert (exam.talent_id, exam.application_id) == ("6891560630172518670", "6985833807195212076")
    department = Named("od-6b394871807047c7023ebfc1ff37cd3a", "研发部", "R&D")
    assert (exam.job_info.department, exam.job_info.addresses) == (department, ())

    address = {"id": "a1", "name": {"zh_cn": "总部"}, "city": {"code": "CT_2", "name": {"zh_cn": "北京市"}}}
    exam = read("hire.eco_exam.created_v1.sdk_extended", job_info={"addresses": [address]})
    ((place, district, city, _state, _country),) = exam.job_info.addresses
    assert (place, city) == (Named("a1", "总部", ""), Named("CT_2", "北京市", ""))
    assert district == Named("", "", "")


def test_the_life_of_a_store_app() -> None:
    assert read("app_ticket.v1") == AppTicketEvent("xxx")
    assert read("app_open.v1") == AppOpenEvent("xxx")
    by_employee = {"installer": None, "installer_employee": {"open_id": "ou_2"}}
    assert read("app_open.v1", **by_employee) == AppOpenEvent("ou_2")
    assert read("app_status_change.v1") == AppStatusChangeEvent(AppStatus.START_BY_TENANT)
    assert read("app_uninstalled.v1") == AppUninstalledEvent()


# --- Otherwise than published


@pytest.mark.parametrize("name", TYPES)
def test_without_what_an_event_is_about_it_is_unreadable_and_says_why(name: str) -> None:
    for missing in REQUIRED[name]:
        for value in NOTHING:
            outcome = read(name, **{missing: value})
            assert isinstance(outcome, Unreadable), (missing, value)
            assert missing in outcome.reason
    for payload in (*NOTHING, {"event": []}):
        assert isinstance(TYPES[name].of(payload), Unreadable)


@pytest.mark.parametrize("name", TYPES)
def test_nothing_else_is_needed(name: str) -> None:
    others = published(name)["event"].keys() - REQUIRED[name] - ENVELOPE
    for missing in others:
        for value in (None, 12, True, Decimal("0.5"), "text", [], [None, 3, "x"], {}, {"a": 1}):
            assert isinstance(read(name, **{missing: value}), TYPES[name]), (missing, value)
    assert isinstance(read(name, **dict.fromkeys(others)), TYPES[name])


@given(st.data())
def test_whatever_comes_is_read_or_unreadable_and_raises_nothing(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(TYPES)))
    event = published(name)["event"]
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(event)), JSON))
    outcome = TYPES[name].of({"event": {**event, **changes}})
    assert isinstance(outcome, Unreadable | TYPES[name])


def test_identifiers_stay_text_and_are_taken_as_they_come() -> None:
    assert read("hire.eco_account.created_v1", account_id=" 007 ").account_id == " 007 "
    assert isinstance(read("hire.eco_account.created_v1", account_id="x" * 256), Unreadable)
    assert read("hire.eco_account.created_v1", account_id="x" * 255).account_id == "x" * 255


@pytest.mark.parametrize(
    ("scope", "as_read"),
    [(2, 2), ("2", 2), (7, 7), (2**31, None), ("x", None), (True, None), (Decimal("1.0"), None)],
)
def test_a_scope_is_a_number_also_where_it_comes_as_text(scope: Any, as_read: int | None) -> None:
    assert read("hire.eco_account.created_v1", scope=scope).scope == as_read


def test_values_that_are_no_text_are_kept_as_the_json_that_came() -> None:
    """How values of other types of fields are written is not documented (contract 4.10)."""
    given_values = [
        {"key": "choices", "value": ["a", "b"]},
        {"key": "day", "value": 1700000000000},
        {"key": "agreed", "value": True},
        {"key": "height", "value": Decimal("1.80")},
        {"key": "file", "value": {"name": "简历.pdf"}},
        {"value": "without a key"},
        "no pair at all",
        {"key": "nothing", "value": None},
    ]
    check = read("hire.eco_background_check.created_v1", custom_field_list=given_values)
    assert [(field.key, field.value) for field in check.custom_field_list] == [
        ("choices", '["a", "b"]'),
        ("day", "1700000000000"),
        ("agreed", "true"),
        ("height", "1.80"),
        ("file", '{"name": "简历.pdf"}'),
        ("", "without a key"),
        ("", "no pair at all"),
        ("nothing", ""),
    ]


def test_a_mobile_number_may_also_come_as_text() -> None:
    candidate = read("hire.eco_exam.created_v1", candidate_info={"mobile": "18900001111"}).candidate_info
    assert (candidate.mobile_code, candidate.mobile_number, candidate.name) == ("", "18900001111", "")


def test_no_amount_of_a_balance_is_guessed() -> None:
    name = "hire.referral_account.assets_update_v1"
    for bonus in UNCLEAR:
        outcome = read(name, assets={"confirmed_bonus": bonus})
        assert isinstance(outcome, Unreadable)
        assert "confirmed_bonus" in outcome.reason
    assert read(name, assets={"confirmed_bonus": {}}).confirmed_bonus == Bonus(0, ())


def test_personal_data_and_secrets_are_not_in_what_python_prints() -> None:
    printed = "".join(
        repr(read(name))
        for name in ("hire.eco_background_check.created_v1", "hire.eco_account.created_v1", "app_ticket.v1")
    )
    for secret in ("王二", "18900001111", "xxx@abc.vom", "7233333", "尽快处理", "这是一些额外信息"):
        assert secret not in printed
    assert "xxx" not in repr(read("app_ticket.v1"))


def test_every_field_of_the_published_events_is_read() -> None:
    renamed = {"assets": "confirmed_bonus"}
    left_out = {"applicants", "installer", "operator"}  # of the people who did it, one open_id is kept
    for name, content in TYPES.items():
        there = published(name)["event"].keys() - ENVELOPE - left_out
        read_as = {field.name for field in fields(content)}  # type: ignore[arg-type] # each is a dataclass
        assert {renamed.get(field, field) for field in there} <= read_as
