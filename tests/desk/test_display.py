"""Badges, JSON and links: readable, bounded, escaped."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group

from hireops.desk.display import badge, linked, pretty_json, state_badge
from hireops.desk.states import States


def shown(value: Any, **options: bool) -> str:
    return pretty_json(value, **options).replace("&quot;", '"')


class Colour(States):
    DONE = "done", "ok", "<b>"
    OPEN = "open", "busy", "open"
    DROPPED = "dropped", "quiet", "dropped"


def test_a_state_is_a_badge_of_its_text_in_its_tone() -> None:
    assert state_badge(Colour("done")) == '<span class="badge badge-ok">&lt;b&gt;</span>'
    assert state_badge(Colour.OPEN) == '<span class="badge badge-busy">open</span>'


def test_to_a_model_a_state_is_its_value_and_its_name() -> None:
    assert Colour.choices == [("done", "<b>"), ("open", "open"), ("dropped", "dropped")]
    assert (Colour.DONE.value, str(Colour.DONE), Colour("done")) == ("done", "done", Colour.DONE)


def test_a_badge_without_a_tone_is_quiet() -> None:
    assert badge("by the way") == '<span class="badge badge-quiet">by the way</span>'


def test_json_is_indented_with_its_chinese_and_its_exact_numbers() -> None:
    value = {"结果": "无差异", "amount": Decimal("12.50"), "list": [1, {}, []], "none": None, "yes": True}

    assert shown(value, reveal=True) == (
        '<pre class="json" tabindex="0">{\n  "结果": "无差异",\n  "amount": 12.50,\n'
        '  "list": [\n    1,\n    {},\n    []\n  ],\n  "none": null,\n  "yes": true\n}</pre>'
    )


def test_json_means_what_it_meant() -> None:
    value = {"a": [1, [2, {"b": '"\\\n\t'}]], "c": {"d": -1.5, "e": ""}}

    text = shown(value, reveal=True).removeprefix('<pre class="json" tabindex="0">').removesuffix("</pre>")

    assert json.loads(text) == value


def test_json_cannot_bring_markup_into_the_page() -> None:
    assert "<script" not in pretty_json({"<script>": "</pre><script>alert(1)</script>"})


def test_long_json_is_cut_and_says_so() -> None:
    page = pretty_json({"rows": ["x" * 100] * 10_000})

    assert 20_000 < len(page.replace("&quot;", '"')) < 20_200
    assert page.endswith('<p class="help">内容较长，仅显示开头部分。</p>')


def test_deep_json_and_half_characters_do_not_break_the_page() -> None:
    deep: Any = "bottom"
    for _ in range(400):
        deep = [deep]

    assert "…" in pretty_json(deep)
    assert "\\ud800" in pretty_json({"name": "\ud800"}, reveal=True)


def test_personal_data_is_hidden_unless_revealed() -> None:
    value = {"mobile": "13812345678"}

    assert "138****5678" in pretty_json(value)
    assert "13812345678" in pretty_json(value, reveal=True)


@pytest.mark.django_db
def test_a_link_leads_to_the_object_and_escapes_its_name() -> None:
    group = Group.objects.create(name="<b>")

    assert linked(group) == f'<a href="/admin/auth/group/{group.pk}/change/">&lt;b&gt;</a>'
    assert linked(None) == "–"
