"""The answers of an order under the names of their fields, however Feishu writes them."""

import pytest
from django.utils import translation

from bindings.models import OrderForm, OrderFormField, OrderFormPush
from bindings.order_forms.answers import labelled
from bindings.order_forms.plan import Option, OrderField
from hireops.database.clock import now
from hireops.outbox.models import Call, Channel

DEGREES = (Option("o1", "本科", "Bachelor"), Option("o2", "硕士", "Master"))


@pytest.fixture
def sent(account):
    """``sent(OrderField(...), sensitive=["key"])``: a push that this account got."""

    def sent(*fields, sensitive=(), form=None):
        channel, _ = Channel.objects.get_or_create(
            operation="test", tenant=None, defaults={"open_from": now(), "served_at": now()}
        )
        call = Call.objects.create(
            operation="test",
            target="x",
            lane="/x",
            channel=channel,
            payload={},
            not_before=now(),
            pending_since=now(),
            created_at=now(),
        )
        return OrderFormPush.objects.create(
            account=account,
            form=form,
            road="create",
            fields=[field.as_sent() for field in fields],
            sensitive=list(sensitive),
            sending=call,
        )

    return sent


def answer(account, value, key="degree_v1"):
    return labelled(account, [{"key": key, "value": value}])[0]


@pytest.mark.parametrize(
    ("type_", "value", "shown"),
    [
        ("text", "张三", "张三"),
        ("text", '"quoted"', "quoted"),
        ("textarea", "[not json", "[not json"),
        ("number", "42", "42"),
        ("boolean", "true", "yes"),
        ("boolean", "0", "no"),
        ("boolean", "是", "yes"),
        ("boolean", "perhaps", "perhaps"),
        ("select", "o1", "Bachelor"),
        ("select", '"o1"', "Bachelor"),
        ("select", '{"key": "o2", "name": {"zh_cn": "硕士"}}', "Master"),
        ("select", "o9", "o9"),
        ("multiselect", '["o1", "o2"]', "Bachelor, Master"),
        ("multiselect", "o1,o2", "Bachelor, Master"),
        ("multiselect", "o2；o1", "Master, Bachelor"),
        ("multiselect", '[{"key": "o1"}]', "Bachelor"),
        ("date", "1793203200000", "2026-10-29"),
        ("date", "1793203200", "2026-10-29"),
        ("date", "2026-10-28", "2026-10-28"),
        ("date", '"2026/10/28"', "2026/10/28"),
        ("date", "soon", "soon"),
        ("file", "7012345", "7012345"),
    ],
)
def test_a_value_is_shown_as_its_type_says(account, sent, type_, value, shown):
    sent(OrderField("degree_v1", "学历", "Degree", type=type_, options=DEGREES))
    with translation.override("en"):
        said = answer(account, value)
        assert (said.label, said.shown) == ("Degree", shown)


@pytest.mark.parametrize(
    "value",
    [
        "https://feishu.example/f/1",
        '["https://feishu.example/f/1"]',
        '[{"name": "授权书.pdf", "url": "https://feishu.example/f/1"}]',
        '{"url": "https://feishu.example/f/1"}',
    ],
)
def test_files_are_links_and_personal(account, sent, value):
    sent(OrderField("consent_v1", "授权书", type="file"))
    said = answer(account, value, "consent_v1")
    assert (said.links, said.is_link) == (("https://feishu.example/f/1",), True)
    assert said.masked == "***"


def test_nothing_but_an_address_of_the_web_is_a_link(account, sent):
    sent(OrderField("consent_v1", "授权书", type="file"))
    assert not answer(account, "javascript:alert(1)", "consent_v1").is_link


def test_an_answer_is_named_by_the_version_that_was_sent_however_old(account, sent):
    sent(OrderField("degree_v1", "学历", type="select", options=DEGREES))
    sent(OrderField("degree_v2", "最高学历", type="select", options=(Option("o1", "博士"),)))
    given = [{"key": "degree_v1", "value": "o1"}, {"key": "degree_v2", "value": "o1"}]
    with translation.override("zh-hans"):
        assert [(each.label, each.shown) for each in labelled(account, given)] == [
            ("学历", "本科"),
            ("最高学历", "博士"),
        ]


def test_what_a_push_or_todays_form_calls_personal_is_masked(account, sent):
    form = OrderForm.objects.create(name="标准")
    OrderFormField.objects.create(form=form, base_key="card", name_zh="证件", position=1, sensitive=True)
    sent(
        OrderField("id_number_v1", "身份证号"),
        OrderField("card_v1", "证件"),
        OrderField("city_v1", "城市"),
        sensitive=["id_number_v1"],
        form=form,
    )
    given = [{"key": key, "value": "110101"} for key in ("id_number_v1", "card_v1", "city_v1")]
    assert [each.masked for each in labelled(account, given)] == ["***", "***", "110101"]


def test_a_field_that_nobody_knows_shows_its_key_and_is_personal(account):
    for who in (account, None):
        said = answer(who, None, "other")
        assert (said.label, said.type, said.shown, said.is_sensitive) == ("other", "", "", True)
