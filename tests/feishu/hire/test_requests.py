"""What leaves this machine is what Feishu has published."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from hireops.feishu import client, hire
from hireops.feishu.endpoints import ENDPOINTS
from tests.feishu.hire.examples import (
    ABOUT_THE_APP,
    CALLS,
    EXAM_ID,
    MESSAGES,
    PACKAGE,
    PAPER,
    READ_BACK,
    REPORT,
    call,
    names,
    published,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("example_token"),
]


def through_json(arguments):
    """What the outbox has kept of arguments when it makes the call."""
    return json.loads(json.dumps(arguments, cls=DjangoJSONEncoder))


def assert_published(request, name):
    example = published(f"{name}.request")
    path = example["path"]
    for key, value in example.get("path_params", {}).items():
        path = path.replace(f":{key}", value)
    target = urlsplit(request.target)
    assert (request.method, target.path) == (example["method"], path)
    assert dict(parse_qsl(target.query)) == example.get("query", {})
    ours = {key: request.headers.get(key) for key in ("Authorization", "Content-Type")}
    assert ours == {"Content-Type": None} | example["headers"]
    if "body" in example:
        assert request.json == example["body"]
    else:
        assert request.body == b""


def test_there_is_a_call_for_every_published_request_and_an_endpoint_for_every_call():
    assert [f"{name}.request" for name in sorted(CALLS)] == names("*.request")
    assert set(ENDPOINTS) == set(CALLS) | set(READ_BACK) | set(MESSAGES) | set(ABOUT_THE_APP)


@pytest.mark.parametrize("name", CALLS)
def test_a_request_is_the_published_one(server, name):
    call(name)
    [request] = server.requests
    assert_published(request, name)


@pytest.mark.parametrize("name", CALLS)
def test_a_request_is_the_same_after_its_arguments_were_stored_as_json(server, name):
    call(name, **through_json(CALLS[name][1]))
    [request] = server.requests
    assert_published(request, name)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_the_documentation_of_an_endpoint_is_named_like_it(name):
    group, rest = re.split(r"-v\d/", ENDPOINTS[name].doc, maxsplit=1)
    assert group
    assert name.removeprefix("event.") == rest.replace("/", ".")


def test_orders_are_read_back_by_page_and_by_id(server):
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    hire.list_background_check_orders("", page_size=100, page_token="p2", update_start_time=since)
    hire.batch_query_background_check_orders("", background_check_order_id_list=["1", "2"])
    hire.batch_query_background_check_orders("", order_status=5, update_end_time=until)
    orders = "/open-apis/hire/v1/background_check_orders"
    assert [(request.method, request.target) for request in server.requests] == [
        ("GET", f"{orders}?page_token=p2&page_size=100&update_start_time=1767225600000"),
        ("POST", f"{orders}/batch_query"),
        ("POST", f"{orders}/batch_query"),
    ]
    assert [request.json for request in server.requests[1:]] == [
        {"background_check_order_id_list": ["1", "2"]},
        {"order_status": 5, "update_end_time": "1767312000000"},
    ]


def test_what_was_left_out_is_not_sent(server):
    call("referral_account.create", mobile=None)
    call("eco_background_check.update_progress", result=None, report_file_list=None, stage_en_name=None)
    call("eco_exam_paper.create", paper_list=[PAPER | {"duration": None, "end_time": None}])
    call("referral_account.reconciliation", points={})
    account, progress, paper, reconciliation = [request.json for request in server.requests]
    assert account == {"email": "hire@open.com"}
    assert sorted(progress) == ["background_check_id", "stage_id", "stage_name", "stage_time"]
    assert sorted(paper["paper_list"][0]) == ["id", "name", "question_count", "start_time"]
    assert sorted(reconciliation) == ["end_trans_time", "start_trans_time"]


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (datetime(2022, 8, 10, 17, 24, 16, 789999, timezone(timedelta(hours=8))), "1660123456789"),
        ("2022-08-10T09:24:16.789Z", "1660123456789"),
        ("2022-08-10T17:24:16.789+08:00", "1660123456789"),
        ("1660123456789", "1660123456789"),
    ],
)
def test_a_time_is_sent_in_milliseconds_however_it_is_given(server, moment, sent):
    call("eco_background_check.update_result", result_time=moment)
    assert server.requests[0].json["result_time"] == sent


@pytest.mark.parametrize(
    ("exam_id", "segment"),
    [("a/b", "a%2Fb"), ("../x?y#z", "..%2Fx%3Fy%23z"), ("%2e", "%252e"), ("号", "%E5%8F%B7")],
)
def test_an_id_stays_one_segment_of_the_path(server, exam_id, segment):
    call("eco_exam.login_info", exam_id=exam_id)
    assert server.requests[0].target == f"/open-apis/hire/v1/eco_exams/{segment}/login_info"


# --- What is refused here, before anything is sent -------------------------------------------------------

LONG = "长" * 256
REFUSED = {
    "neither mobile nor email": ("referral_account.create", {"mobile": None, "email": None}),
    "a mobile without number": ("referral_account.create", {"mobile": {"code": "86"}}),
    "no type to withdraw": ("referral_account.withdraw", {"withdraw_bonus_type": []}),
    "a type twice": ("referral_account.withdraw", {"withdraw_bonus_type": [1, 1]}),
    "an unknown type": ("referral_account.withdraw", {"withdraw_bonus_type": [3]}),
    "no order id": ("referral_account.withdraw", {"external_order_id": ""}),
    "no account id": ("referral_account.withdraw", {"referral_account_id": ""}),
    "a path instead of an id": ("referral_account.deactivate", {"referral_account_id": ".."}),
    "no id in a list": ("eco_exam_paper.batch_delete", {"paper_id_list": [""]}),
    "an unknown scope": ("eco_account_custom_field.create", {"scope": 3}),
    "a choice without options": (
        "eco_background_check_custom_field.create",
        {"custom_field_list": [{"type": "multiselect", "key": "k", "name": {}, "is_required": False}]},
    ),
    "a long package id": (
        "eco_background_check_package.create",
        {"package_list": [PACKAGE | {"id": "x" * 37}]},
    ),
    "a long package name": (
        "eco_background_check_package.batch_update",
        {"package_list": [PACKAGE | {"name": "名" * 101}]},
    ),
    "a long item id": (
        "eco_background_check_package.create",
        {"additional_item_list": [{"id": "x" * 37, "name": "x"}]},
    ),
    "an interim result without file": (
        "eco_background_check.update_progress",
        {"report_file_list": []},
    ),
    "a long paper id": ("eco_exam_paper.create", {"paper_list": [PAPER | {"id": LONG}]}),
    "a long paper name": ("eco_exam_paper.batch_update", {"paper_list": [PAPER | {"name": LONG}]}),
    "a paper without name": ("eco_exam_paper.create", {"paper_list": [PAPER | {"name": ""}]}),
    "a paper that ends first": (
        "eco_exam_paper.create",
        {"paper_list": [PAPER | {"end_time": "2022-07-24T15:23:54.053Z"}]},
    ),
    "a time without zone": ("eco_background_check.update_result", {"result_time": datetime(2026, 1, 1)}),  # noqa: DTZ001 - that is the point
    "seconds for milliseconds": ("eco_background_check.update_result", {"result_time": "1660123456"}),
    "no time": ("eco_background_check.update_result", {"result_time": ""}),
    "too many orders": (
        "background_check_order.batch_query",
        {"background_check_order_id_list": ["1"] * 21},
    ),
    "too large a page": ("background_check_order.list", {"page_size": 101}),
    "too large a page of addresses": ("event.outbound_ip.list", {"page_size": 51}),
}
MISTYPED = {
    "an id as number": ("eco_background_check.cancel", {"background_check_id": 6931286400470354183}),
    "an id in a path as number": ("eco_exam.login_info", {"exam_id": int(EXAM_ID)}),
    "an id in a list as number": ("eco_exam_paper.batch_delete", {"paper_id_list": [1]}),
    "an id in a query as number": ("referral_account.get_account_assets", {"referral_account_id": 1}),
    "a time as number": ("eco_background_check.update_result", {"result_time": 1660123456789}),
    "points as float": ("referral_account.reconciliation", {"points": {"1": 100.0}}),
    "a float": ("eco_exam_paper.create", {"paper_list": [PAPER | {"duration": 30.0}]}),
    "a decimal": ("eco_exam_paper.create", {"paper_list": [PAPER | {"duration": Decimal(30)}]}),
    "a score as number": ("eco_exam.update_result", {"result": 60}),
    "an odd object": (
        "eco_background_check.update_result",
        {"report_file_list": [REPORT | {"report_url": object()}]},
    ),
}


@pytest.mark.parametrize(("name", "arguments"), REFUSED.values(), ids=REFUSED)
def test_what_feishu_would_refuse_or_spoil_is_not_sent(server, name, arguments):
    with pytest.raises(ValueError, match=r"."):
        call(name, **arguments)
    assert server.requests == []


@pytest.mark.parametrize(("name", "arguments"), MISTYPED.values(), ids=MISTYPED)
def test_what_json_could_change_is_not_sent(server, name, arguments):
    with pytest.raises(TypeError):
        call(name, **arguments)
    assert server.requests == []


def test_the_longest_texts_that_feishu_keeps_are_sent(server):
    call("eco_background_check_package.create", package_list=[{"id": "x" * 36, "name": "名" * 100}])
    call("eco_exam_paper.create", paper_list=[PAPER | {"id": "x" * 255, "name": "名" * 255}])
    assert len(server.requests) == 2


def test_a_path_without_its_id_is_a_mistake(server):
    with pytest.raises(KeyError):
        client.call(ENDPOINTS["eco_exam.login_info"], tenant_key="", body={})
    assert server.requests == []
