"""Exam papers of an account (contract 5.1 to 5.3). Refusals are 1002001 with HTTP 500, as documented."""

from hireops.simulator.api.answers import Json, refused_operation
from hireops.simulator.api.partner_accounts import EXAM, distinct, done, published, refuse_if
from hireops.simulator.api.shapes import each, millis, record, text, whole
from hireops.simulator.records import Published
from hireops.simulator.world import World

KEPT_CHARACTERS = 255
_MOST = 10**6
_PAPER = record(
    {"id": text(), "name": text()},
    {
        "duration": whole(0, _MOST),
        "question_count": whole(0, _MOST),
        "start_time": millis(may_be_empty=True),
        "end_time": millis(may_be_empty=True),
    },
)
PAPERS_BODY = record({"account_id": text(), "paper_list": each(_PAPER, at_least=1)})
DELETE_BODY = record({"account_id": text(), "paper_id_list": each(text())})


def create(world: World, body: Json, tenant_key: str) -> Json:
    """Full replace; ids and names are cut at 255 characters without a word. Activates the account."""
    behind = _behind(world, body, tenant_key)
    behind.papers = _sent(body)
    behind.activated = True
    return done(world)


def update(world: World, body: Json, tenant_key: str) -> Json:
    """Overwrites each paper that is named, whole: what is left out is cleared."""
    behind, sent = _behind(world, body, tenant_key), _sent(body)
    refuse_if(refused_operation, "papers do not exist", set(sent) - set(behind.papers))
    behind.papers |= sent
    return done(world)


def delete(world: World, body: Json, tenant_key: str) -> Json:
    """Unknown ids are ignored; exams that are arranged stay."""
    behind = _behind(world, body, tenant_key)
    for paper_id in body["paper_id_list"]:
        behind.papers.pop(paper_id, None)
    return done(world)


def _behind(world: World, body: Json, tenant_key: str) -> Published:
    return published(world, body, tenant_key, scope=EXAM, refuse=refused_operation)


def _sent(body: Json) -> dict[str, Json]:
    papers = [_kept(paper) for paper in body["paper_list"]]
    distinct(refused_operation, [paper["id"] for paper in papers])
    return {paper["id"]: paper for paper in papers}


def _kept(paper: Json) -> Json:
    start, end = paper.get("start_time"), paper.get("end_time")
    if start and end and int(start) >= int(end):
        raise refused_operation("start_time must be before end_time")
    return {**paper, "id": paper["id"][:KEPT_CHARACTERS], "name": paper["name"][:KEPT_CHARACTERS]}
