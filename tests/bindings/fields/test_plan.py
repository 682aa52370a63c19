"""The plan of a push: what it says about any two lists."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindings.fields.plan import Change, Field, Plan, Problem, ProblemKind, burned_keys, plan_push

pytestmark = pytest.mark.slow

KEYS = st.sampled_from(["ord_id", "token", "secret", "region", "city", "A_1", "z"])
TEXTS = st.sampled_from(["", "订单号", "Order", "说明"])
FIELDS = st.builds(
    Field,
    key=KEYS,
    name_zh=st.sampled_from(["账号", "令牌", "城市"]),
    name_en=TEXTS,
    description_zh=TEXTS,
    description_en=TEXTS,
    is_required=st.booleans(),
)
LISTS = st.lists(FIELDS, unique_by=lambda field: field.key, max_size=7)
KEY_SETS = st.frozensets(KEYS)


def field(key, name_zh="名称", **texts):
    return Field(key=key, name_zh=name_zh, **texts)


def apply(plan: Plan, today: list[Field]) -> set[Field]:
    """Do to a form what the plan says, knowing nothing of the list it was made for."""
    gone = {removed.key for removed in plan.removed}
    replaced = {change.before.key: change.after for change in plan.changed}
    kept = {replaced.get(each.key, each) for each in today if each.key not in gone}
    return kept | set(plan.added)


@settings(max_examples=1000, deadline=None)
@given(today=LISTS, wanted=LISTS)
def test_applying_the_plan_to_the_form_of_today_gives_the_wanted_form(today, wanted):
    assert apply(plan_push(today, wanted, set()), today) == set(wanted)


@settings(max_examples=1000, deadline=None)
@given(today=LISTS, wanted=LISTS)
def test_every_field_of_both_forms_is_named_exactly_once(today, wanted):
    plan = plan_push(today, wanted, set())
    after = [each.key for each in (*plan.added, *plan.unchanged)] + [
        change.after.key for change in plan.changed
    ]
    before = [each.key for each in (*plan.removed, *plan.unchanged)] + [c.before.key for c in plan.changed]
    assert sorted(after) == sorted(each.key for each in wanted)
    assert sorted(before) == sorted(each.key for each in today)


@settings(max_examples=1000, deadline=None)
@given(today=LISTS, wanted=LISTS)
def test_a_kept_field_is_moved_exactly_when_the_kept_ones_are_in_another_order(today, wanted):
    plan = plan_push(today, wanted, set())
    before, after = [each.key for each in today], [each.key for each in wanted]
    kept_before = [key for key in before if key in after]
    kept_after = [key for key in after if key in before]
    assert bool(plan.moved) == (kept_before != kept_after)
    still = [key for key in kept_after if key not in plan.moved]
    assert still == [key for key in kept_before if key not in plan.moved]


@settings(max_examples=1000, deadline=None)
@given(today=LISTS, wanted=LISTS, burned=KEY_SETS)
def test_an_empty_list_and_every_burned_key_are_refused_and_nothing_else(today, wanted, burned):
    refused = {(problem.kind, problem.key) for problem in plan_push(today, wanted, burned).problems}
    expected = {(ProblemKind.BURNED, each.key) for each in wanted if each.key in burned}
    if not wanted:
        expected.add((ProblemKind.EMPTY, ""))
    assert refused == expected


@settings(max_examples=1000, deadline=None)
@given(history=st.lists(KEY_SETS, max_size=8))
def test_a_key_is_burned_exactly_when_a_later_list_left_it_out(history):
    expected = {
        key for number, keys in enumerate(history) for later in history[number + 1 :] for key in keys - later
    }
    assert burned_keys(history) == expected


@settings(max_examples=1000, deadline=None)
@given(each=FIELDS)
def test_a_field_survives_the_way_to_feishu_and_back(each):
    assert Field.from_sent(each.as_sent()) == each


@given(today=LISTS)
def test_the_same_list_changes_nothing(today):
    plan = plan_push(today, today, set())
    assert plan.changes_nothing
    assert (plan.added, plan.changed, plan.removed, plan.moved) == ((), (), (), ())


def test_a_changed_field_says_what_it_was_and_what_it_becomes():
    before, after = field("ord_id", "订单"), field("ord_id", "订单号", is_required=True)
    plan = plan_push([before], [after], set())
    assert plan.changed == (Change(before, after),)
    assert plan.changed[0].attributes == ("name_zh", "is_required")


def test_only_the_field_that_was_taken_elsewhere_is_moved():
    today = [field("a"), field("b"), field("c"), field("d")]
    plan = plan_push(today, [field("d"), field("a"), field("b"), field("c")], set())
    assert plan.moved == ("d",)
    assert not plan.changes_nothing


def test_a_key_used_twice_and_a_missing_chinese_name_are_refused():
    plan = plan_push([], [field("a"), field("a"), field("b", name_zh=" ")], set())
    assert plan.problems == (
        Problem(ProblemKind.DUPLICATE, "a"),
        Problem(ProblemKind.NO_CHINESE_NAME, "b"),
    )


def test_texts_that_are_empty_are_not_sent():
    assert field("ord_id", "订单号").as_sent() == {
        "key": "ord_id",
        "name": {"zh_cn": "订单号"},
        "is_required": False,
    }


def test_a_full_field_is_sent_as_in_the_documented_example():
    full = Field(
        key="account_token",
        name_zh="账号token",
        name_en="Account token",
        description_zh="账号的唯一标识",
        description_en="The unique identifier of the account",
        is_required=True,
    )
    assert full.as_sent() == {
        "key": "account_token",
        "name": {"zh_cn": "账号token", "en_us": "Account token"},
        "is_required": True,
        "description": {"zh_cn": "账号的唯一标识", "en_us": "The unique identifier of the account"},
    }
