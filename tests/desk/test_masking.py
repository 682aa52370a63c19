"""Personal data and secrets are hidden by the names of their keys."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from hireops.desk.masking import mask, masked, may_see_personal_data, without_secrets


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
        {"name": "标准套餐"},
        {"name": {"zh_cn": "账号"}},
        {"key": "account_token"},
        {"tenant_key": "t1"},
        [],
        None,
        1.5,
        "x",
    ],
)
def test_what_names_no_person_stays(value: Any) -> None:
    assert masked(value) == value


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
