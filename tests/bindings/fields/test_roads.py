"""The calls of a push lead to the wanted form, whether a list that is sent replaces the older one or not."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindings.fields.invariants import pushes_are_sent_as_kept, pushes_land_in_their_order
from bindings.fields.plan import Kind, burned_keys, plan_push, steps
from bindings.models import CustomField, CustomFieldPush
from hireops.outbox import sending, timing
from hireops.outbox.models import Call
from hireops.outbox.recording import record
from tests.bindings.conftest import confirm, push_page, says
from tests.bindings.fields.test_plan import LISTS, field
from tests.simulator_process import running_simulator

REFUSED = 1002001


class Feishu:
    """The form of a scope. ``keeps``: a list leaves older fields there. ``burns``: what it drops is gone."""

    def __init__(self, *, keeps, burns):
        self.keeps, self.burns = keeps, burns
        self.form, self.gone = {}, set()

    def ask(self, step):
        keys = {each.key for each in step.after}
        if step.kind is Kind.DELETE:
            return self.delete(set(step.deleted))
        if step.kind is Kind.UPDATE:
            return self.update(step.after)
        if keys & self.gone:
            return REFUSED
        left_out = {key: each for key, each in self.form.items() if key not in keys}
        if not self.keeps and self.burns:
            self.gone |= left_out.keys()
        self.form = {each.key: each for each in step.after} | (left_out if self.keeps else {})
        return 0

    def update(self, fields):
        if any(each.key not in self.form for each in fields):
            return REFUSED
        self.form |= {each.key: each for each in fields}
        return 0

    def delete(self, keys):
        if not keys <= self.form.keys() or not self.form.keys() - keys:
            return REFUSED
        self.form = {key: each for key, each in self.form.items() if key not in keys}
        self.gone |= keys
        return 0


class Vendor:
    """Pushes as hireops does: with what the answers say, and what may have landed besides."""

    def __init__(self, feishu):
        self.feishu = feishu
        self.today, self.unclear, self.lists = [], [], []

    def push(self, wanted, mishaps):
        wanted_keys = {each.key for each in wanted}
        there = [*self.today, *(each for form in self.unclear for each in form)]
        given_up = [key for key in dict.fromkeys(each.key for each in there) if key not in wanted_keys]
        plan = plan_push(self.today, wanted, burned_keys(self.lists))
        for step in steps(plan, given_up, certain=not self.unclear):
            self._send(step, mishaps.popleft() if mishaps else "")
        return {each.key for each in self.today} == wanted_keys and not self.unclear

    def _send(self, step, mishap):
        if mishap == "cut":
            return
        codes = [self.feishu.ask(step) for _ in range(2 if mishap == "lost" else 1)]
        self.lists.append({each.key for each in step.after})
        if codes[-1] == 0:
            self.today, self.unclear = list(step.after), []
        elif not self._is_gone(step):
            self.unclear.append(step.after)

    def _is_gone(self, step):
        return step.kind is Kind.DELETE and not set(step.deleted) & {each.key for each in self.today}


MISHAPS = st.lists(st.sampled_from(["", "lost", "cut"]), max_size=4).map(deque)
READINGS = st.builds(Feishu, keeps=st.booleans(), burns=st.booleans())


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(feishu=READINGS, wishes=st.lists(LISTS.filter(bool), min_size=1, max_size=3), mishaps=MISHAPS)
def test_from_any_form_to_any_form_under_either_reading(feishu, wishes, mishaps):
    vendor = Vendor(feishu)
    for wish in wishes:
        dead = burned_keys(vendor.lists) | feishu.gone
        wanted = [each for each in wish if each.key not in dead]
        if not wanted:
            return
        for _ in range(len(mishaps) + 3):
            if vendor.push(wanted, mishaps) and not mishaps:
                break
        assert set(feishu.form) == {each.key for each in wanted}
        texts = {key: (each.name_zh, each.is_required) for key, each in feishu.form.items()}
        assert texts == {each.key: (each.name_zh, each.is_required) for each in wanted}


TOKEN, CITY = field("token"), field("city", "城市", description_zh="所在")


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ([TOKEN, field("city", "地区", description_zh="所在")], [Kind.UPDATE]),
        ([TOKEN, field("city", "城市")], [Kind.REPLACE]),  # a hint is emptied
        ([TOKEN, field("city", "城市", description_zh="所在", is_required=True)], [Kind.REPLACE]),
        ([CITY, TOKEN], [Kind.REPLACE]),
        ([TOKEN, CITY], [Kind.REPLACE]),  # the same once more, on purpose
        ([TOKEN], [Kind.DELETE]),
        ([field("token", "令牌")], [Kind.DELETE, Kind.UPDATE]),
        ([TOKEN, field("new")], [Kind.DELETE, Kind.REPLACE]),
        ([field("new")], [Kind.REPLACE, Kind.DELETE]),
    ],
)
def test_each_change_takes_the_gentlest_road(wanted, kinds):
    given_up = [each.key for each in (TOKEN, CITY) if each.key not in {wish.key for wish in wanted}]
    taken = steps(plan_push([TOKEN, CITY], wanted, frozenset()), given_up, certain=True)
    assert [step.kind for step in taken] == kinds
    assert [each.key for each in taken[-1].after] == [each.key for each in wanted]


@pytest.fixture(scope="module")
def feishu_process():
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture(params=[False, True], ids=["replaces", "keeps"])
def feishu(request, transactional_db, feishu_process, settings, monkeypatch):
    """A simulator that reads “full replace” in one way, and in the other."""
    feishu_process.reset()
    feishu_process.switch(quota_enforced=False, delivery_paused=True, account_form_keeps=request.param)
    settings.FEISHU_BASE_URL = feishu_process.url
    settings.FEISHU_APP_ID = feishu_process.environment["FEISHU_APP_ID"]
    settings.FEISHU_APP_SECRET = feishu_process.environment["FEISHU_APP_SECRET"]
    settings.OUTBOX_SENDERS = 1
    monkeypatch.setattr(timing, "pause_before", lambda next_try: min(60.0, 2.0 ** (next_try - 2)))
    feishu_process.add_account(account_id="1")  # a custom app must have been added first
    return feishu_process


def drain():
    while claim := sending.claim():
        record(claim, sending.send(claim))


def shown(feishu):
    return [each["key"] for each in feishu.state("fields")["fields"]["1"]]


def retire(*keys):
    CustomField.objects.filter(key__in=keys).update(retired=True)


def promises_hold():
    return not [*pushes_are_sent_as_kept(), *pushes_land_in_their_order()]


def test_a_field_that_is_removed_is_gone_under_either_reading(feishu, vendor, field):
    for key in ("token", "city", "region"):
        field(key)
    confirm(vendor)
    drain()
    retire("city")
    assert says(vendor.get(push_page()), "deleted by their keys, for ever")
    confirm(vendor, removals=["city"])
    field("new")
    drain()
    retire("token", "region")
    confirm(vendor, removals=["token", "region"])
    drain()
    assert shown(feishu) == ["new"]
    kinds = CustomFieldPush.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["replace", "delete", "replace", "delete"]
    assert set(Call.objects.values_list("state", flat=True)) == {Call.State.SUCCEEDED}
    assert promises_hold()


def test_texts_alone_are_updated_unless_the_whole_list_is_wanted(feishu, vendor, field):
    field("token", "令牌")
    confirm(vendor)
    drain()
    for name, more in (("口令", {}), ("密令", {"whole": "on"})):
        CustomField.objects.update(name_zh=name)
        page = vendor.get(push_page())
        assert says(page, "no key can be burned by that")
        vendor.post(push_page(), {"fingerprint": page.context["preview"].fingerprint, **more})
        drain()
        assert feishu.state("fields")["fields"]["1"][0]["name"] == {"zh_cn": name}
    kinds = CustomFieldPush.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["replace", "update", "replace"]
    assert promises_hold()


def test_a_delete_whose_answer_was_lost_is_taken_for_done_once_the_list_is_there(
    feishu, vendor, field, clock
):
    field("token")
    field("city")
    confirm(vendor)
    drain()
    retire("city")
    confirm(vendor, removals=["city"])
    feishu.add_fault("cut", path="/open-apis/hire/v1/eco_account_custom_fields/batch_delete", when="after")
    for _ in range(12):
        drain()
        clock.advance(timing.QUIET_S + 61)
    assert Call.objects.latest("pk").state == Call.State.WAITING  # it is gone, so Feishu refuses it for ever
    page = vendor.get(push_page())
    assert page.context["preview"].given_up == ("city",)
    confirm(vendor, removals=["city"])
    for _ in range(12):
        drain()
        clock.advance(61)
    preview = vendor.get(push_page()).context["preview"]
    assert (shown(feishu), preview.plan.changes_nothing, preview.unclear_pushes) == (["token"], True, [])
    assert preview.open_pushes == []
    assert promises_hold()
