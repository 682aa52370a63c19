"""Papers of an exam account (contract 5.1 to 5.3): one call reaches every state.

A replace also makes an account orderable that the customer has disabled, so what only changes is updated, and
what only goes is deleted. A paper keeps its ID for ever: exams that were arranged on it know it by that.
"""

from collections.abc import Sequence

from bindings.offers.plan import (
    Action,
    Doubt,
    Kind,
    Known,
    Offering,
    Paper,
    Plan,
    PlannedCall,
    Row,
    Sent,
    Standing,
    Verb,
    Why,
)


def plan_papers(known: Sequence[Known], wished: Offering) -> Plan:
    papers = {each.id: each for each in known if each.kind is Kind.PAPER}
    rows = [_row(papers.get(code), paper) for code, paper in wished.papers.items()]
    rows += [
        _leaving(each) for each in papers.values() if each.id not in wished.papers and _may_be_there(each)
    ]
    foreign = [
        each.id
        for each in papers.values()
        if each.standing is Standing.FOREIGN and each.id not in wished.papers
    ]
    call = _call(rows, wished)
    replaces = call is not None and call.verb is Verb.REPLACE_PAPERS
    why = Why.GOES_WITH_THE_REST if replaces else Why.NOT_OURS
    rows += [Row(kind=Kind.PAPER, code="", id=each, action=Action.FOREIGN, why=why) for each in foreign]
    return Plan(
        rows=tuple(rows),
        calls=(call,) if call else (),
        activates=replaces,
        removes_foreign=tuple(foreign) if replaces else (),
        empties=not wished.papers and any(_may_be_there(each) for each in papers.values()),
    )


def _may_be_there(known: Known) -> bool:
    return known.is_there or known.is_perhaps_there


def _row(known: Known | None, paper: Paper) -> Row:
    before = known.content if known else None
    action, why = Action.CREATE, Why.NEW
    if known and known.standing is Standing.FOREIGN:
        action, why = Action.FIND_OUT, Why.ADOPTED
    elif known and known.is_perhaps_there:
        action, why = Action.FIND_OUT, Why.NOT_ANSWERED
    elif known and known.doubt is Doubt.UPDATE:
        action, why = Action.UPDATE, Why.NOT_ANSWERED
    elif known and known.is_there:
        changed = before != paper
        action, why = (Action.UPDATE, Why.CHANGED) if changed else (Action.SAME, Why.SAME)
    return Row(
        kind=Kind.PAPER,
        code=paper.id,
        id=paper.id,
        action=action,
        why=why,
        before=before,
        after=paper,
        moves_exams=action is not Action.SAME and _times_differ(before, paper),
    )


def _times_differ(before: object, after: Paper) -> bool:
    if not isinstance(before, Paper):
        return False
    return (before.start_time, before.end_time) != (after.start_time, after.end_time)


def _leaving(known: Known) -> Row:
    why = Why.NOT_ANSWERED if known.is_perhaps_there else Why.NO_LONGER_OFFERED
    return Row(
        kind=Kind.PAPER, code=known.code, id=known.id, action=Action.DELETE, why=why, before=known.content
    )


def _call(rows: Sequence[Row], wished: Offering) -> PlannedCall | None:
    actions = {row.action for row in rows}
    all_papers = tuple(Sent(Kind.PAPER, code, code, paper) for code, paper in wished.papers.items())
    if actions & {Action.CREATE, Action.FIND_OUT} or {Action.UPDATE, Action.DELETE} <= actions:
        return PlannedCall(Verb.REPLACE_PAPERS, all_papers)
    if Action.DELETE in actions:
        leaving = (row for row in rows if row.action is Action.DELETE)
        return PlannedCall(Verb.DELETE_PAPERS, tuple(Sent(Kind.PAPER, row.id, row.code) for row in leaving))
    if Action.UPDATE in actions:
        return PlannedCall(Verb.UPDATE_PAPERS, all_papers)
    return None
