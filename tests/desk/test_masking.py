"""Everything is hidden but what is known to name no person, by the name of its key and by its shape."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from hireops.contacts import mask, without_contacts
from hireops.desk.masking import LONGEST_SENTENCE, masked, may_see_personal_data, redacted, without_secrets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13812345678", "138****5678"),
        ("+86 138 1234 5678", "+86****5678"),
        ("张三", "张*"),
        ("欧阳娜娜", "欧***"),
        ("Alexander Humboldt", "A***"),
        ("a", "*"),
        ("", ""),
        ("amy@b.com", "a***@b.com"),
        ("@b.com", "@***"),
        ("12345678", "1***"),
        ("11010119900307123X", "110****123X"),
        ("13800138000 王二", "1***"),
        ("王二 wang@abc.com 13800138000", "王***"),
        ("138****5678", "138****5678"),
    ],
)
def test_a_masked_text_can_be_recognised_but_not_used(text: str, expected: str) -> None:
    assert mask(text) == expected


def test_a_background_check_order_keeps_its_ids_and_loses_its_person() -> None:
    order = {
        "background_check_id": "6931286400470354183",
        "package_id": "12",
        "candidate_info": {
            "name": "王二",
            "mobile": {"code": "86", "number": "18900001111"},
            "email": "wang@abc.com",
            "first_name": "Ming",
        },
        "client_contact_info": {
            "name": "李四",
            "mobile": {"code": "86", "number": "18900002222"},
            "email": None,
        },
        "custom_field_list": [{"key": "candidate_extra_info", "value": "身份证 110101"}],
    }

    assert masked(order) == {
        "background_check_id": "6931286400470354183",
        "package_id": "12",
        "candidate_info": {
            "name": "王*",
            "mobile": {"code": "86", "number": "189****1111"},
            "email": "w***@abc.com",
            "first_name": "M***",
        },
        "client_contact_info": {
            "name": "李*",
            "mobile": {"code": "86", "number": "189****2222"},
            "email": None,
        },
        "custom_field_list": [{"key": "candidate_extra_info", "value": "***"}],
    }


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "Token",
        "password",
        "app_ticket",
        "app_secret",
        "tenant_access_token",
        "encrypt_key",
        "username",
        "exam_url",
        "report_url",
        "url",
        "Authorization",
        "verification_token",
    ],
)
def test_a_secret_is_hidden_whole(key: str) -> None:
    assert masked({"a": [{key: "s3cret"}]}) == {"a": [{key: "***"}]}
    assert masked({key: {"nested": "s3cret"}}) == {key: "***"}


@pytest.mark.parametrize(
    "value",
    [
        {"package_list": [{"id": "pkg001", "name": "标准套餐", "description": "学历、工作履历"}]},
        {"paper_list": [{"id": "p1", "name": {"zh_cn": "性格测试"}, "duration": 30}]},
        {"key": "account_token", "is_required": True},
        {"tenant_key": "t1", "event_id": "5e3702a84e847582be8db7fb73283c02", "schema": "2.0"},
        {"account_id": "6995842370159937061", "modify_time": "1685431415036"},
        {"assets": {"confirmed_bonus": {"point_bonus": 100, "cash_bonus": [{"amount": 1.5}]}}},
        {"account_name": "背调账号 001", "scope": 1, "usage_list": [1, 2]},
        {
            "code": 1002553,
            "msg": "参数错误: withdraw_bonus_type",
            "log_id": "20220501181000008035096193288FA0",
        },
        [],
        None,
        True,
    ],
)
def test_what_is_known_to_name_no_person_stays(value: Any) -> None:
    assert masked(value) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"phone_number": "13800138000"}, {"phone_number": "138****8000"}),
        ({"phone_number": 13800138000}, {"phone_number": "138****8000"}),
        ({"id_card": "11010119900307123X"}, {"id_card": "110****123X"}),
        ({"user_name": "王小二"}, {"user_name": "王**"}),
        ({"candidate": {"name": "王小二"}}, {"candidate": {"name": "王**"}}),
        ({"candidate": {"name": {"zh_cn": "王小二"}}}, {"candidate": {"name": {"zh_cn": "王**"}}}),
        ({"candidates": ["王小二", {"wechat": "wang_2"}]}, {"candidates": ["王**", {"wechat": "w***"}]}),
        ({"salary": 30000, "height": 1.8}, {"salary": "3***", "height": "1**"}),
        ({"comment": "请联系王二"}, {"comment": "请***"}),
        ({"name": "王小二"}, {"name": "王**"}),
        ("王小二", "王**"),
        # a harmless key with something else under it
        ({"event_id": "王小二"}, {"event_id": "王**"}),
        ({"account_id": "13800138000"}, {"account_id": "138****8000"}),
        ({"scope": "wang@abc.com"}, {"scope": "w***@abc.com"}),
        ({"id": {"name": "王小二"}}, {"id": {"name": "王**"}}),
        ({"msg": "mobile 13800138000 is bound"}, {"msg": "mobile 138****8000 is bound"}),
        # a person as a key
        ({"13800138000": True, "王小二": True}, {"138****8000": True, "王**": True}),
        # a form that somebody has filled in
        (
            {"custom_field_list": [{"key": "k", "name": "王小二"}]},
            {"custom_field_list": [{"key": "k", "name": "***"}]},
        ),
    ],
)
def test_what_nobody_knows_is_masked(value: Any, shown: Any) -> None:
    assert masked(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mobile 13800138000 is bound already", "mobile 138****8000 is bound already"),
        ("电话１３８００１３８０００，请核实", "电话138****8000，请核实"),
        ("+86 138-0013-8000 / +852 9123 4567", "+86****8000 / +85****4567"),
        ("138\u200b0013\u20608000", "138****8000"),
        ("invalid email wang@abc.com.", "invalid email w***@abc.com."),
        ("ID card 11010119900307123x does not match", "ID card 110****123x does not match"),
    ],
)
def test_nobodys_number_or_address_stands_in_a_sentence(text: str, shown: str) -> None:
    assert without_contacts(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "log 20220501181000008035096193288FA0 at 1608725989000",
        "account 6931286400470354183 has 10,000.00 CNY",
        "2026-11-22 13:18:00 +08:00",
        "5e3702a84e847582be8db7fb73283c02",
    ],
)
def test_ids_amounts_and_times_stay_in_a_sentence(text: str) -> None:
    assert without_contacts(text) == text


def test_no_more_of_a_sentence_is_searched_than_anything_shows() -> None:
    shown = masked({"message": "a" * 100_000 + " 13800138000"})["message"]
    assert shown == "a" * LONGEST_SENTENCE + "…"


def test_what_hireops_has_written_itself_is_readable_but_for_contacts_and_secrets() -> None:
    value = {"changed": ["mobile", "人事"], "why": "13800138000 写错了", "token": "t-1"}
    assert redacted(value) == {"changed": ["mobile", "人事"], "why": "138****8000 写错了", "token": "***"}


def test_the_referrer_may_have_a_name_in_two_languages_and_a_number_as_a_number() -> None:
    value = {"referrer": {"name": {"zh_cn": "张三", "en_us": "San"}, "mobile": 13812345678}}

    assert masked(value) == {"referrer": {"name": {"zh_cn": "张*", "en_us": "S**"}, "mobile": "138****5678"}}


@pytest.mark.parametrize("hide", [masked, without_secrets])
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ([{"key": "token", "value": "sk-1"}], [{"key": "token", "value": "***"}]),
        ([{"key": "token", "value": {"key": "sk-1"}}], [{"key": "token", "value": "***"}]),
        ([{"key": "token", "text": "sk-1"}], [{"key": "token", "text": "***"}]),
        (["sk-1", {"key": "token", "value": ""}], ["***", {"key": "token", "value": ""}]),
        ({"token": "sk-1"}, "***"),
        ("sk-1", "***"),
        (None, None),
    ],
)
def test_what_a_customer_typed_is_hidden_whole_from_everybody(hide: Any, typed: Any, shown: Any) -> None:
    assert hide({"event": {"custom_field_list": typed}}) == {"event": {"custom_field_list": shown}}


@pytest.mark.parametrize("hide", [masked, without_secrets])
def test_how_a_field_is_defined_is_shown(hide: Any) -> None:
    definition = {
        "key": "token",
        "name": {"zh_cn": "令牌"},
        "is_required": True,
        "description": {"en_us": "x"},
    }

    assert hide({"custom_field_list": [definition]}) == {"custom_field_list": [definition]}


def test_the_value_itself_is_not_changed() -> None:
    value = {"mobile": {"number": "13812345678"}}
    masked(value)
    assert value == {"mobile": {"number": "13812345678"}}


def test_the_right_to_see_personal_data_comes_with_the_role(
    hira: User, vera: User, audrey: User, eve: User
) -> None:
    assert (may_see_personal_data(hira), may_see_personal_data(vera)) == (True, True)
    assert (may_see_personal_data(audrey), may_see_personal_data(eve)) == (False, False)
