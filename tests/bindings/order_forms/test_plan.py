"""The road to a wished order form, against a small Feishu that reads its documents in all possible ways."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindings.order_forms.plan import (
    NOTHING,
    Asked,
    Form,
    Heard,
    Known,
    Option,
    OrderField,
    Road,
    Why,
    after_existing,
    base_of,
    content,
    keys,
    learn,
    plan,
)

pytestmark = pytest.mark.slow

EXISTS, CATCH_ALL, NOT_DELETED = 1002855, 1002001, 1002860
READINGS = list(product(["replaces", "refuses", "flips"], [True, False], ["keeps", "clears"], [True, False]))


@dataclass
class Feishu:
    """One account's form. ``on_existing``: what a create does where there is a form; *flips*: it refuses
    once, and replaces from then on. Calls give 0 or the code of a refusal."""

    on_existing: str = "refuses"
    burns_dropped: bool = True
    omitted: str = "keeps"  # what an update does with a text that is left out
    refuses_to_delete_nothing: bool = True
    form: Form = NOTHING
    gone: set[str] = field(default_factory=set)  # keys that were there once: none may ever come back

    def ask(self, asked, form):
        return {Asked.CREATE: self.create, Asked.UPDATE: self.update, Asked.DELETE: self.delete}[asked](form)

    def create(self, form):
        assert not keys(form) & self.gone, "a key that may be burned came again"
        if self.form and self.on_existing != "replaces":
            self.on_existing = "replaces" if self.on_existing == "flips" else self.on_existing
            return EXISTS
        self.gone |= keys(self.form) - keys(form)
        self.form = form
        return 0

    def update(self, form):
        there = {each.key: each for each in self.form}
        if set(there) != keys(form) or len(there) != len(form):
            return CATCH_ALL
        if any(each.type != there[each.key].type or each.options != there[each.key].options for each in form):
            return CATCH_ALL
        sent = {each.key: each for each in form}
        self.form = tuple(self._overwritten(each, sent[each.key]) for each in self.form)
        return 0

    def _overwritten(self, before, after):
        names = ("name_zh", "name_en", "description_zh", "description_en")
        kept = names if self.omitted == "keeps" else ()
        texts = {
            name: getattr(after, name) or (getattr(before, name) if name in kept else "") for name in names
        }
        return replace(before, **texts)

    def delete(self, _form):
        if not self.form and self.refuses_to_delete_nothing:
            return NOT_DELETED
        self.gone |= keys(self.form)
        self.form = NOTHING
        return 0


HEARD = {
    EXISTS: (Heard.EXISTS, Heard.PERHAPS_EXISTS),
    NOT_DELETED: (Heard.NOT_DELETED, Heard.PERHAPS_DELETED),
}


class Account:
    """What hireops does with plans: calls leave one after the other, and mishaps happen to them.

    *lost*: done, the answer lost, and sent again. *held up*: not done, no answer, and sent again. *given up*
    (done or not): nobody ever knows. *cut*: never sent, and nothing after it.
    """

    def __init__(self, feishu):
        self.feishu = feishu
        self.known = Known()
        self.sent = 0

    def push(self, wish, mishaps=()):
        """Whether anything had to be sent."""
        road, mishaps = plan(self.known, wish), list(mishaps)
        self._follow(road, mishaps, may_turn=True)
        return road.road is not Road.NONE

    def _follow(self, road, mishaps, *, may_turn):
        for asked in road.calls:
            form = NOTHING if asked is Asked.DELETE else road.form
            before = self.known
            heard = self._call(asked, form, mishaps.pop(0) if mishaps else "")
            if heard is None:
                return
            self.known = learn(before, asked, form, heard)
            if heard in {Heard.EXISTS, Heard.PERHAPS_EXISTS} and may_turn:
                self._follow(after_existing(before, form, heard), mishaps, may_turn=False)

    def _call(self, asked, form, mishap):
        if mishap == "cut":
            return None
        if mishap == "given up":
            return Heard.PERHAPS
        self.sent += 1
        if mishap in {"lost", "given up, done"}:
            self.feishu.ask(asked, form)
        if mishap == "given up, done":
            return Heard.PERHAPS
        code = self.feishu.ask(asked, form)
        if code == 0:
            return Heard.DONE
        if code == CATCH_ALL:
            return Heard.PERHAPS
        return HEARD[code][mishap in {"lost", "held up"}]

    def bring(self, wish, mishaps=()):
        """To the wish, however often it has to be asked for."""
        mishaps = list(mishaps)
        for _ in range(len(mishaps) + 6):
            now, mishaps = mishaps[:2], mishaps[2:]
            if not self.push(wish, now) and not mishaps:
                return
        raise AssertionError("it never settles")


TEXTS = st.sampled_from(["", "A", "B"])
OPTIONS = st.lists(
    st.builds(Option, st.sampled_from(["o1", "o2"]), st.sampled_from(["本科", "硕士"])),
    min_size=1,
    max_size=2,
    unique_by=lambda option: option.key,
)


@st.composite
def fields(draw):
    type_ = draw(st.sampled_from(["text", "date", "select"]))
    return OrderField(
        key=draw(st.sampled_from(["id_number", "degree", "city"])),
        name_zh=draw(st.sampled_from(["证件", "学历"])),
        name_en=draw(TEXTS),
        description_zh=draw(TEXTS),
        is_required=draw(st.booleans()),
        type=type_,
        options=tuple(draw(OPTIONS)) if type_ == "select" else (),
    )


FORMS = st.lists(fields(), max_size=3, unique_by=lambda each: each.key).map(tuple)
SOME_FORM = FORMS.filter(bool)
MISHAPS = st.lists(
    st.sampled_from(["", "", "lost", "held up", "given up", "given up, done", "cut"]), max_size=6
)
READING = st.sampled_from(READINGS).map(lambda reading: Feishu(*reading))


@settings(max_examples=300, deadline=None)
@given(feishu=READING, wishes=st.lists(FORMS, min_size=1, max_size=4), mishaps=MISHAPS)
def test_from_any_form_to_any_form_whatever_happens_on_the_way(feishu, wishes, mishaps):
    account = Account(feishu)
    for wish in wishes:
        account.bring(wish, mishaps)
        assert content(feishu.form) == wish
        assert account.known.certain == feishu.form


@settings(max_examples=150, deadline=None)
@given(feishu=READING, foreign=SOME_FORM, wish=SOME_FORM, mishaps=MISHAPS)
def test_a_form_that_somebody_else_has_made_gives_way(feishu, foreign, wish, mishaps):
    feishu.form = tuple(replace(each, key=f"{each.key}_of_another") for each in foreign)
    account = Account(feishu)
    account.bring(wish, mishaps)
    assert account.known.certain == feishu.form
    assert content(feishu.form) == wish


@settings(max_examples=150, deadline=None)
@given(today=FORMS, wish=FORMS)
def test_the_road_has_the_fewest_calls_that_are_right_under_every_reading(today, wish):
    worlds = [Feishu(*reading) for reading in READINGS]
    accounts = [Account(world) for world in worlds]
    for account in accounts:
        account.bring(today)
    known = accounts[0].known
    assert all(account.known == known for account in accounts)
    road = plan(known, wish)
    assert known.certain is not None
    if content(known.certain) == wish:
        assert road.calls == ()
        return
    fresh = tuple(replace(each, key=f"{each.key}_v99") for each in wish)
    by_base = {base_of(key): key for key in keys(known.certain)}
    same = tuple(replace(each, key=by_base.get(each.key, each.key)) for each in wish)
    single = [(Asked.DELETE, NOTHING), (Asked.CREATE, fresh), (Asked.UPDATE, same)]
    one_is_enough = any(_leads_everywhere(worlds, call, wish) for call in single)
    assert len(road.calls) == (1 if one_is_enough else 2)
    for account in accounts:
        account.sent = 0
        account.push(wish)
        assert (account.sent, content(account.feishu.form)) == (len(road.calls), wish)


def _leads_everywhere(worlds, call, wish):
    tried = [deepcopy(world) for world in worlds]
    return all(world.ask(*call) == 0 and content(world.form) == wish for world in tried)


DEGREE = OrderField("degree", "学历", type="select", options=(Option("o1", "本科"), Option("o2", "硕士")))
CARD = OrderField("id_number", "身份证号", "ID number", "十八位")


@pytest.mark.parametrize(
    ("wish", "road", "why"),
    [
        ((CARD, DEGREE), Road.NONE, (Why.SAME,)),
        ((replace(CARD, name_zh="证件号"), DEGREE), Road.UPDATE, (Why.TEXTS,)),
        ((replace(CARD, description_zh=""), DEGREE), Road.RECREATE, (Why.EMPTIED,)),
        ((replace(CARD, is_required=True), DEGREE), Road.RECREATE, (Why.REQUIRED,)),
        ((replace(CARD, type="textarea"), DEGREE), Road.RECREATE, (Why.TYPE,)),
        ((CARD, replace(DEGREE, options=DEGREE.options[:1])), Road.RECREATE, (Why.OPTIONS,)),
        (
            (CARD, replace(DEGREE, options=(Option("o1", "学士"), DEGREE.options[1]))),
            Road.RECREATE,
            (Why.OPTION_NAMES,),
        ),
        ((DEGREE, CARD), Road.RECREATE, (Why.MOVED,)),
        ((CARD,), Road.RECREATE, (Why.REMOVED,)),
        ((CARD, DEGREE, replace(CARD, key="city")), Road.RECREATE, (Why.ADDED,)),
        (NOTHING, Road.DELETE, (Why.EMPTY,)),
    ],
)
def test_the_reason_names_what_an_update_can_not_do(wish, road, why):
    account = Account(Feishu())
    account.bring((CARD, DEGREE))
    assert (plan(account.known, wish).road, plan(account.known, wish).why) == (road, why)


def test_the_keys_have_a_version_that_the_account_never_had():
    account = Account(Feishu())
    assert plan(account.known, (CARD,)).form[0].key == "id_number_v1"
    for wish in [(CARD,), (DEGREE,), (CARD, DEGREE)]:
        account.bring(wish)
    assert [each.key for each in account.feishu.form] == ["id_number_v2", "degree_v2"]


def test_a_create_whose_answer_was_lost_is_confirmed_by_an_update_and_burns_nothing():
    account = Account(Feishu(on_existing="refuses"))
    account.push((CARD,), ["lost"])
    assert (account.known.certain, account.feishu.gone) == (account.feishu.form, set())
    assert [each.key for each in account.feishu.form] == ["id_number_v1"]


def test_who_wants_it_anew_gets_new_keys():
    account = Account(Feishu())
    account.bring((CARD,))
    anew = plan(account.known, (CARD,), anew=True)
    assert (anew.road, anew.form[0].key) == (Road.RECREATE, "id_number_v2")


def test_a_field_survives_the_way_to_feishu_and_back():
    assert OrderField.from_sent(DEGREE.as_sent()) == DEGREE
    assert CARD.as_sent() == {
        "type": "text",
        "key": "id_number",
        "name": {"zh_cn": "身份证号", "en_us": "ID number"},
        "is_required": False,
        "description": {"zh_cn": "十八位"},
    }
