"""The plan of an account: what happens to each thing, the calls in their order, what stands against it.
Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bindings.offers.package_plan import plan_packages
from bindings.offers.paper_plan import plan_papers
from bindings.offers.plan import (
    PACKAGE_ID_MAX,
    PACKAGE_NAME_MAX,
    PAPER_TEXT_MAX,
    Content,
    Kind,
    Known,
    Offering,
    Paper,
    Plan,
    Problem,
    Reading,
    Trouble,
)

BACKGROUND_CHECK, EXAM = 1, 2  # scope (contract 3)


def plan_offer(
    scope: int | None, known: Sequence[Known], wished: Offering, reading: Reading | None = None
) -> Plan:
    """With problems, nothing may be sent of it."""
    match scope:
        case 1:
            plan = plan_packages(known, wished, reading or Reading())
        case 2:
            plan = plan_papers(known, wished)
        case _:
            return Plan(problems=(Problem(Trouble.SCOPE_UNKNOWN),))
    return replace(plan, problems=tuple(_problems(wished, plan)))


def _problems(wished: Offering, plan: Plan) -> Iterator[Problem]:
    for row in plan.rows:
        if row.after is not None:
            yield from (Problem(trouble, row.code) for trouble in _troubles(row.kind, row.after))
    if wished.items and not wished.packages:
        yield Problem(Trouble.ITEMS_WITHOUT_A_PACKAGE)


def _troubles(kind: Kind, content: Content) -> Iterable[Trouble]:
    most_id, most_name = PACKAGE_ID_MAX, PACKAGE_NAME_MAX
    if isinstance(content, Paper):
        most_id = most_name = PAPER_TEXT_MAX
        yield from _paper_troubles(content)
    if not 1 <= len(content.id) <= most_id:
        yield Trouble.ID_TOO_LONG
    if not content.name.strip():
        yield Trouble.NAME_MISSING
    elif len(content.name) > most_name and kind is not Kind.ITEM:
        yield Trouble.NAME_TOO_LONG


def _paper_troubles(paper: Paper) -> Iterable[Trouble]:
    if paper.start_time and paper.end_time and paper.start_time >= paper.end_time:
        yield Trouble.ENDS_BEFORE_IT_STARTS
    if any(figure is not None and figure < 1 for figure in (paper.duration, paper.question_count)):
        yield Trouble.NOT_POSITIVE
