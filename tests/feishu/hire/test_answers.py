"""What Feishu answers, as values; fresh from the wire and again from the row in which it was stored."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from hireops.feishu import hire
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.hire.reading import CURRENCIES
from tests.feishu.hire.examples import CALLS, as_published, call, names
from tests.feishu.servers import answer, ok

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("example_token"),
]

HUNDRED_YUAN = hire.Bonus(100, (hire.Cash("CNY", Decimal("100.00")),))
ACCOUNT = hire.Account("6942778198054125570", hire.AccountStatus.AVAILABLE, HUNDRED_YUAN, None)
REFERRER = hire.Referrer("7413952589321914668", "张三", "zhangSan", "27188272xxxx1.com", "1879087xxx8")
UNEQUAL_ID = "6930815272790114324"

UNDERSTOOD = {
    "referral_account.create.response": ACCOUNT,
    "referral_account.enable.response": ACCOUNT,
    "referral_account.deactivate.response": hire.Account(
        ACCOUNT.account_id, hire.AccountStatus.DISABLED, HUNDRED_YUAN, None
    ),
    "referral_account.get_account_assets.response": hire.Account(
        ACCOUNT.account_id, hire.AccountStatus.AVAILABLE, HUNDRED_YUAN, REFERRER
    ),
    "referral_account.withdraw.response": hire.WithdrawalResult(
        "6942778198054125570", datetime(2023, 5, 9, 12, 14, 19, 543000, UTC), HUNDRED_YUAN
    ),
    "referral_account.reconciliation.response": hire.ReconciliationResult(
        (hire.Difference(UNEQUAL_ID, 100, 100),)
    ),
    "referral_account.reconciliation.response_no_withdrawal": hire.ReconciliationResult(
        (hire.Difference(UNEQUAL_ID, None, 100),)
    ),
    "event.outbound_ip.list.response": hire.OutboundIpPage(("1.1.1.1",), ""),
}


def stored(data):
    """The answer as the outbox gives it to an app, from the row of the call."""
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder))


def endpoint_of(name):
    return name.rpartition(".")[0]


def test_every_published_answer_is_understood():
    assert {endpoint_of(name) for name in names("*.response*")} == set(CALLS)
    with_data = {name for name in names("*.response*") if not name.startswith("eco_")}
    assert set(UNDERSTOOD) == with_data


@pytest.mark.parametrize(("name", "expected"), UNDERSTOOD.items())
def test_a_published_answer_with_data_is_read_exactly(server, name, expected):
    server.behaviours = [as_published(name)]
    given = call(endpoint_of(name))
    assert given.log_id
    assert type(expected).of(given.data) == expected
    assert type(expected).of(stored(given.data)) == expected


@pytest.mark.parametrize("name", names("eco_*.response"))
def test_a_published_answer_without_data_is_a_success(server, name):
    server.behaviours = [as_published(name)]
    given = call(endpoint_of(name))
    assert (given.data, given.http_status) == ({}, 200)


WITHDRAWN = (
    '{"code":0,"data":{"external_order_id":"1","trans_time":"1683634459543","withdrawal_details":BONUS}}'
)
POINTS = '{"point_bonus":VALUE}'
YUAN = '{"cash_bonus":[{"currency_type":"CNY","amount":VALUE}]}'
ONE = '{"cash_bonus":[{"currency_type":VALUE,"amount":1}]}'


def bonus_answered(server, bonus, value=""):
    """What ``bonus`` (JSON text with ``value`` in it) is read as, fresh and stored; both must be the same."""
    raw = WITHDRAWN.replace("BONUS", bonus.replace("VALUE", value))
    server.behaviours = [answer(raw=raw.encode())]
    data = call("referral_account.withdraw").data
    fresh, again = hire.WithdrawalResult.of(data), hire.WithdrawalResult.of(stored(data))
    assert fresh == again
    return fresh.withdrawal_details


@pytest.mark.parametrize(
    ("wire", "amount"),
    [
        ("0.30", "0.30"),
        ("0.1", "0.10"),
        ("100", "100.00"),
        ("-5", "-5.00"),
        ("1e2", "100.00"),
        ("0.30000000000000004", "0.30"),
        ("1.005", "1.01"),
        ("1234567890123.45", "1234567890123.45"),
        ('"88.8"', "88.80"),
    ],
)
def test_an_amount_has_two_decimals_and_no_float_touched_it(server, wire, amount):
    bonus = bonus_answered(server, YUAN, wire)
    assert [str(cash.amount) for cash in bonus.cash_bonus] == [amount]


@pytest.mark.parametrize(
    "wire", ["null", "true", '""', '"x"', '"NaN"', "[]", "1e17", "1e99", '"１"', '"1,000"', '" 1"']
)
def test_an_amount_that_is_none_is_never_guessed(server, wire):
    with pytest.raises(FeishuError) as failed:
        bonus_answered(server, YUAN, wire)
    assert (failed.value.outcome, failed.value.advice) == (Outcome.UNKNOWN, Advice.ASK_PERSON)
    assert failed.value.message == "the answer's amount cannot be read"


def test_a_bonus_without_points_or_cash_has_none_of_them(server):
    assert bonus_answered(server, "{}") == hire.Bonus(0, ())
    assert bonus_answered(server, '{"point_bonus":null,"cash_bonus":null}') == hire.Bonus(0, ())


@pytest.mark.parametrize(("wire", "points"), [("7", 7), ("7.0", 7), ('"7"', 7), ("1e2", 100), ("0", 0)])
def test_points_are_whole(server, wire, points):
    bonus = bonus_answered(server, POINTS, wire)
    assert (bonus.point_bonus, type(bonus.point_bonus)) == (points, int)


@pytest.mark.parametrize("wire", ["7.5", "true", '"x"', "{}"])
def test_points_that_are_none_are_never_guessed(server, wire):
    with pytest.raises(FeishuError, match="point_bonus cannot be read"):
        bonus_answered(server, POINTS, wire)


@pytest.mark.parametrize(
    ("wire", "currency"),
    [
        ('"CNY"', "CNY"),
        ("1", "CNY"),
        ('"1"', "CNY"),
        ("48", "BDT"),
        ('"25"', "NOK"),
        ("49", "49"),
        ('"0"', "0"),
        ('"XAU"', "XAU"),
    ],
)
def test_a_currency_is_iso_text_however_feishu_writes_it(server, wire, currency):
    bonus = bonus_answered(server, ONE, wire)
    assert [cash.currency_type for cash in bonus.cash_bonus] == [currency]


@pytest.mark.parametrize("wire", ["null", '""', "true", "1.5", "[]"])
def test_money_without_a_currency_is_never_guessed(server, wire):
    with pytest.raises(FeishuError, match="currency_type cannot be read"):
        bonus_answered(server, ONE, wire)


def test_feishu_numbers_48_currencies():
    assert (len(CURRENCIES), len(set(CURRENCIES))) == (48, 48)
    assert [CURRENCIES[number - 1] for number in (2, 9, 17, 26, 33, 41)] == [
        "USD",
        "MYR",
        "THB",
        "SAR",
        "PLN",
        "KGS",
    ]


@pytest.mark.parametrize("without", ["external_order_id", "trans_time", "withdrawal_details"])
def test_a_withdrawal_with_a_part_missing_is_unreadable(without):
    data = {"external_order_id": "1", "trans_time": "1683634459543", "withdrawal_details": {}}
    hire.WithdrawalResult.of(data)
    del data[without]
    with pytest.raises(FeishuError, match=f"{without} cannot be read"):
        hire.WithdrawalResult.of(data)


@pytest.mark.parametrize("moment", ["1683634459", "2023-05-09T12:14:19Z", "", "1683634459543.5", None, True])
def test_a_time_that_is_not_in_milliseconds_is_never_guessed(moment):
    data = {"external_order_id": "1", "trans_time": moment, "withdrawal_details": {}}
    with pytest.raises(FeishuError, match="trans_time cannot be read"):
        hire.WithdrawalResult.of(data)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"account": []},
        {"account": {"account_id": 7, "status": 1, "assets": {"confirmed_bonus": {}}}},
        {"account": {"account_id": "7", "status": "on", "assets": {"confirmed_bonus": {}}}},
        {"account": {"account_id": "7", "status": 1}},
        {"account": {"account_id": "7", "status": 1, "assets": {"confirmed_bonus": {"cash_bonus": [7]}}}},
    ],
)
def test_an_account_that_is_none_is_unreadable(data):
    with pytest.raises(FeishuError, match="cannot be read"):
        hire.Account.of(data)


def test_what_the_app_may_not_see_of_a_referrer_is_empty():
    account = {"account_id": "7", "status": 3, "assets": {"confirmed_bonus": {}}, "referrer": {"id": "ou_1"}}
    read = hire.Account.of({"account": account})
    assert (read.status, read.referrer) == (3, hire.Referrer("ou_1", "", "", "", ""))


def test_a_background_check_is_read_back(server):
    order = {
        "order_id": "6931286400470354183",
        "order_status": 5,
        "conclusion": "无差异",
        "feedback_info_list": [{"report_type": 1}, {"report_type": 2}],
        "process_info_list": [{"process": "已开始"}, {"process": "已完成"}],
        "new_in_feishu": 0.5,
    }
    other = {"order_id": "2", "order_status": 2}
    server.behaviours = [
        ok({"items": [order, other], "has_more": True, "page_token": "p2"}),
        ok({"has_more": False, "page_token": "p3"}),
    ]
    page = hire.OrderPage.of(stored(call("background_check_order.list").data))
    assert page == hire.OrderPage(
        (
            hire.Order(
                "6931286400470354183",
                hire.OrderStatus.IN_APPROVAL,
                "无差异",
                (hire.ReportType.INTERIM, hire.ReportType.FINAL),
                ("已开始", "已完成"),
            ),
            hire.Order("2", hire.OrderStatus.ARRANGED, "", (), ()),
        ),
        "p2",
    )
    assert hire.OrderPage.of(call("background_check_order.batch_query").data) == hire.OrderPage((), "")


def test_more_pages_without_their_token_are_unreadable():
    with pytest.raises(FeishuError, match="page_token cannot be read"):
        hire.OutboundIpPage.of({"ip_list": [], "has_more": True})
    with pytest.raises(FeishuError, match="ip_list cannot be read"):
        hire.OutboundIpPage.of({"ip_list": "1.1.1.1"})
