"""From any confirmed state to any wished state: the calls lead there, under either reading of what Feishu's
documents leave open, with the fewest calls, also when answers are lost."""

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from bindings.offers import outcomes
from bindings.offers.plan import (
    Action,
    Kind,
    Known,
    Offering,
    Package,
    Paper,
    Reading,
    Standing,
    Verb,
    Why,
)
from bindings.offers.planning import plan_offer
from bindings.offers.sending import payload_of
from tests.bindings.offers.feishu_model import Feishu, Readings, RefusedByFeishu

CHECKS, EXAMS = 1, 2
CODES, ITEM_CODES = ["a", "b", "c", "a-v2"], ["a", "x", "y"]
DAY, NIGHT = datetime(2026, 12, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, 13, tzinfo=UTC)


@dataclass
class Account:
    """What we know of an account, and what is really there."""

    scope: int
    feishu: Feishu
    known: tuple[Known, ...] = ()
    reading: Reading = field(default_factory=Reading)
    calls: list[Verb] = field(default_factory=list)
    refused_in_a_row: int = 0

    def step(self, wished, fate="answered"):
        """One call, as a worker sends it. False if there is none to send."""
        plan = plan_offer(self.scope, self.known, wished, self.reading)
        assert not plan.problems, plan.problems
        if not plan.calls:
            return False
        call, before = plan.calls[0], self.known
        self.known = outcomes.begun(before, call)
        self.calls.append(call.verb)
        if fate == "never arrived":
            return True
        try:
            self.feishu.take(call)
        except RefusedByFeishu:
            if fate == "answered":
                self._refused(call, before)
            return True
        if fate == "answered":
            self.refused_in_a_row = 0
            self.known = outcomes.answered(self.known, call)
            self.reading = outcomes.learnt(self.reading, call, done=True)
        return True

    def _refused(self, call, before):
        self.refused_in_a_row += call.verb is not Verb.DELETE
        assert self.refused_in_a_row <= outcomes.most_refusals(self.known)
        known = outcomes.refused(self.known, before, call)
        assert known is not None, f"nobody knows what to make of a refused {call.verb}"
        self.known = known
        self.reading = outcomes.learnt(self.reading, call, done=False)

    def bring_to(self, wished, fates=()):
        """How many calls it took, after those with these fates."""
        for fate in fates:
            self.step(wished, fate)
        begun = len(self.calls)
        while self.step(wished):
            assert len(self.calls) - begun < 60, self.calls[begun:]
        return len(self.calls) - begun

    def offers(self, kind):
        """What is there, by our code; what somebody else has put there and we know nothing of is left out."""
        codes = {(each.kind, each.id): each.code for each in self.known}
        there = {
            Kind.PACKAGE: self.feishu.packages,
            Kind.ITEM: self.feishu.items,
            Kind.PAPER: self.feishu.papers,
        }
        return {codes[kind, each]: sent for each, sent in there[kind].items() if (kind, each) in codes}

    def check(self, wished):
        for kind in Kind:
            there, wish = self.offers(kind), wished.by_code(kind)
            assert there.keys() == wish.keys()
            assert {code: sent["name"] for code, sent in there.items()} == {
                code: content.name for code, content in wish.items()
            }
        confirmed = {(each.kind, each.code) for each in self.known if each.standing is Standing.CONFIRMED}
        assert confirmed == {(kind, code) for kind in Kind for code in wished.by_code(kind)}
        assert not [each for each in self.known if each.standing is Standing.IN_DOUBT]


def package(code, name="n", description=""):
    return Package(code, name, description)


def offering(packages=(), items=()):
    """``offering("ab", "x")``: as short as can be."""
    return Offering(
        packages={code: package(code) for code in packages}, items={code: package(code) for code in items}
    )


@st.composite
def offerings(draw):
    names, described = st.sampled_from(["n", "m"]), st.sampled_from(["", "d"])
    packages = draw(st.dictionaries(st.sampled_from(CODES), st.tuples(names, described), max_size=4))
    items = draw(st.dictionaries(st.sampled_from(ITEM_CODES), st.tuples(names, described), max_size=3))
    return Offering(
        packages={code: package(code, *texts) for code, texts in packages.items()},
        # Without a package nobody could order an item.
        items={code: package(code, *texts) for code, texts in items.items() if packages},
    )


@st.composite
def paper_offerings(draw):
    times = st.sampled_from([(None, None), (DAY, NIGHT), (None, NIGHT)])
    papers = draw(
        st.dictionaries(st.sampled_from("pqrs"), st.tuples(st.sampled_from("nm"), times), max_size=4)
    )
    return Offering(
        papers={code: Paper(code, name, 60, None, *when) for code, (name, when) in papers.items()}
    )


readings = st.builds(Readings, **{each.name: st.booleans() for each in fields(Readings)})
# "cut off after any of them" is one that was answered and followed by another wish, or by none.
fates = st.lists(st.sampled_from(["answered", "answered", "lost", "never arrived"]), max_size=4)
histories = st.lists(st.tuples(offerings(), fates), max_size=3)
paper_histories = st.lists(st.tuples(paper_offerings(), fates), max_size=3)


@given(readings=readings, flips=st.booleans(), history=histories, wished=offerings(), lost=fates)
def test_packages_get_there_whatever_was_lost_on_the_way(readings, flips, history, wished, lost):
    account = Account(CHECKS, Feishu(readings, flips))
    for earlier, met in history:
        for fate in met:
            account.step(earlier, fate)
    account.bring_to(wished, lost)
    account.check(wished)
    assert account.bring_to(wished) == 0


@given(
    readings=readings,
    before_us=st.lists(st.tuples(st.sampled_from(["package", "item"]), st.sampled_from(CODES)), max_size=3),
    wished=offerings(),
    lost=fates,
)
def test_ids_that_somebody_else_has_used_are_taken_over_or_given_another_version(
    readings, before_us, wished, lost
):
    account = Account(CHECKS, Feishu(readings))
    for kind, code in before_us:
        account.feishu.put(kind, code)
    account.bring_to(wished, lost)
    account.check(wished)
    assert account.bring_to(wished) == 0


@given(readings=readings, first=offerings(), wished=offerings())
def test_as_few_calls_as_can_be_and_nothing_is_missing_meanwhile(readings, first, wished):
    account = Account(CHECKS, Feishu(readings))
    account.bring_to(first)
    in_both = {
        (kind, code) for kind in Kind for code in first.by_code(kind).keys() & wished.by_code(kind).keys()
    }
    least = fewest(first, wished)
    if least and carrying_items_needs_another_version(account, first, wished):
        least = fewest_with_a_carrier(first, wished)
    begun = len(account.calls)
    first_time = account.reading.items_alone is None
    while account.step(wished):
        assert in_both <= {(kind, code) for kind in Kind for code in account.offers(kind)}
    asked = first_time and not readings.items_alone and account.reading.items_alone is False
    assert len(account.calls) - begun == least + asked
    account.check(wished)


def carrying_items_needs_another_version(account, first, wished):
    new_items = wished.items.keys() - first.items.keys()
    return (
        not account.feishu.readings.items_alone
        and new_items
        and wished.packages.keys() <= first.packages.keys()
    )


def fewest_with_a_carrier(first, wished):
    """One package goes on under a new ID: it is created, and its old ID deleted. It may be one that
    changes."""
    packages = [code for code, each in wished.packages.items() if first.packages[code] != each]
    items = [code for code, each in wished.items.items() if first.items.get(code, each) != each]
    return 2 + (len(packages + items) > bool(packages))


def fewest(first, wished):
    """By trying: each call creates, updates or deletes any of them; what is in both never leaves."""
    names = [
        (kind, code)
        for kind in (Kind.PACKAGE, Kind.ITEM)
        for code in first.by_code(kind) | wished.by_code(kind)
    ]
    before = {name: first.by_code(name[0]).get(name[1]) for name in names}
    after = {name: wished.by_code(name[0]).get(name[1]) for name in names}
    # What is neither to be created, changed nor deleted does not matter; of each sort two stand for all.
    sorts = {
        "create": [each for each in names if before[each] is None and after[each]],
        "delete": [each for each in names if before[each] and after[each] is None],
        "update": [each for each in names if before[each] and after[each] and before[each] != after[each]],
    }
    names = list(chain.from_iterable(each[:2] for each in sorts.values()))
    start: frozenset[tuple[Kind, str]] = frozenset()  # which of them are as they are to be
    goal = frozenset(names)
    seen, frontier, calls = {start}, {start}, 0
    while goal not in frontier:
        frontier = {
            done | set(chosen)
            for done in frontier
            for sort in sorts.values()
            for chosen in subsets([each for each in sort if each in names])
        } - seen
        seen |= frontier
        calls += 1
    return calls


def subsets(names):
    return chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))


@given(history=paper_histories, wished=paper_offerings(), lost=fates)
def test_papers_get_there_whatever_was_lost_on_the_way(history, wished, lost):
    account = Account(EXAMS, Feishu(Readings()))
    for earlier, met in history:
        for fate in met:
            account.step(earlier, fate)
    assert account.bring_to(wished, lost) <= 1
    account.check(wished)
    assert account.bring_to(wished) == 0


@given(first=paper_offerings(), wished=paper_offerings())
def test_a_disabled_exam_account_is_made_orderable_only_by_what_can_not_be_done_otherwise(first, wished):
    account = Account(EXAMS, Feishu(Readings()))
    account.bring_to(first)
    account.feishu.is_normal = False  # the customer has disabled it
    plan = plan_offer(EXAMS, account.known, wished)
    account.bring_to(wished)
    new, gone = wished.papers.keys() - first.papers.keys(), first.papers.keys() - wished.papers.keys()
    changed = any(
        first.papers[code] != paper for code, paper in wished.papers.items() if code in first.papers
    )
    assert account.feishu.is_normal == plan.activates == bool(new or (gone and changed))


# --- Single traps


def confirmed(wished, readings=None):
    account = Account(CHECKS, Feishu(readings or Readings()))
    account.bring_to(wished)
    account.calls.clear()
    return account


def test_items_only_go_with_another_version_of_a_package_where_they_can_not_be_created_alone():
    account = confirmed(offering("ab"), Readings(items_alone=False))
    account.bring_to(offering("ab", "x"))
    assert account.calls == [Verb.CREATE, Verb.CREATE, Verb.DELETE]
    assert account.reading.items_alone is False
    account.calls.clear()
    account.bring_to(offering("ab", "xy"))
    assert account.calls == [Verb.CREATE, Verb.DELETE]  # it is remembered
    plan = plan_offer(CHECKS, account.known, offering("ab", "xya"), account.reading)
    carrier = next(row for row in plan.rows if row.action is Action.REPLACE)
    assert (carrier.code, carrier.old_id, carrier.id, carrier.why) == ("a", "a-v3", "a-v4", Why.CARRIES_ITEMS)


def test_a_package_that_comes_back_gets_another_version_and_says_why():
    account = confirmed(offering("ab"))
    account.bring_to(offering("a"))
    row = next(row for row in plan_offer(CHECKS, account.known, offering("ab")).rows if row.code == "b")
    assert (row.id, row.action, row.why) == ("b-v2", Action.CREATE, Why.ID_USED_UP)


def test_one_that_exists_already_among_many_is_found_by_halving():
    account = Account(CHECKS, Feishu(Readings()))
    account.feishu.put("package", "p7")
    codes = [f"p{number}" for number in range(16)]
    account.bring_to(offering(codes))
    account.check(offering(codes))
    assert len(account.calls) <= 20


def test_what_an_update_did_not_find_may_be_there_after_a_create_whose_answer_was_lost():
    account = Account(CHECKS, Feishu(Readings()))
    for fate in ("never arrived", "answered", "lost"):  # a create, an update that is refused, a create
        account.step(offering("a"), fate)
    account.bring_to(offering("a"))
    account.check(offering("a"))
    assert list(account.feishu.packages) == ["a"]


def test_texts_are_always_sent_and_an_update_names_all_that_is_there():
    account = confirmed(offering("ab", "x"))
    wished = Offering(packages={"a": package("a", "new"), "b": package("b")}, items={"x": package("x")})
    plan = plan_offer(CHECKS, account.known, wished)
    assert [call.verb for call in plan.calls] == [Verb.UPDATE]
    payload = payload_of(plan.calls[0])
    listed = [*payload["package_list"], *payload["additional_item_list"]]
    assert [(each["id"], each["description"]) for each in listed] == [
        ("a", ""),
        ("b", ""),
        ("x", ""),
    ]


def test_what_is_not_ours_is_shown_and_stays():
    foreign = Known(kind=Kind.PACKAGE, id="theirs", standing=Standing.FOREIGN)
    plan = plan_offer(CHECKS, (foreign,), offering("a"))
    assert [(row.id, row.action) for row in plan.rows] == [("a", Action.CREATE), ("theirs", Action.FOREIGN)]
    paper = Known(kind=Kind.PAPER, id="theirs", standing=Standing.FOREIGN)
    plan = plan_offer(EXAMS, (paper,), Offering(papers={"p": Paper("p", "n")}))
    assert plan.removes_foreign == ("theirs",)
    assert plan_offer(EXAMS, (paper,), Offering()).calls == ()


def test_papers_say_whose_exams_they_move_and_what_can_not_be_sent():
    account = Account(EXAMS, Feishu(Readings()))
    account.bring_to(Offering(papers={"p": Paper("p", "n", 60, None, DAY, NIGHT), "q": Paper("q", "n")}))
    wished = Offering(papers={"p": Paper("p", "n", 60, None, None, NIGHT), "q": Paper("q", "m")})
    plan = plan_offer(EXAMS, account.known, wished)
    assert (plan.moves_exams, plan.activates) == (["p"], False)
    assert [call.verb for call in plan.calls] == [Verb.UPDATE_PAPERS]
    wrong = Offering(papers={"p": Paper("p", "n" * 256, 0, None, NIGHT, DAY), "q": Paper("q" * 256, " ")})
    found = [(problem.trouble.value, problem.code[:1]) for problem in plan_offer(EXAMS, (), wrong).problems]
    assert found == [
        ("ends_before_it_starts", "p"),
        ("not_positive", "p"),
        ("name_too_long", "p"),
        ("id_too_long", "q"),
        ("name_missing", "q"),
    ]
