"""The stages that orders of a package usually have."""

from django.contrib.auth.models import User
from django.db.models import Max
from django.utils.translation import gettext_noop

from bindings.models import CheckPackage, StageTemplate, Turn
from hireops.desk import audit

FIELDS = ("name", "en_name", "turn", "stops_clock", "is_optional")
# What customers read in Feishu, in both of its languages, so not a text of ours to translate.
USUAL = (
    ("等待候选人授权", "Waiting for the candidate's consent", Turn.CANDIDATE, True, False),
    ("已开始调查", "Investigation started", Turn.VENDOR, False, False),
    ("等待候选人补充材料", "Waiting for the candidate's documents", Turn.CANDIDATE, True, True),
    ("信息核实中", "Verifying with references", Turn.VENDOR, False, False),
    ("报告撰写中", "Writing the report", Turn.VENDOR, False, False),
)


def usual() -> list[dict[str, object]]:
    """What a new package begins with; staff change it as they like."""
    return [
        {"position": place * 10, **dict(zip(FIELDS, stage, strict=True))}
        for place, stage in enumerate(USUAL, start=1)
    ]


def take_usual(package: CheckPackage, *, by: User) -> None:
    """Give a package without stages the usual ones; one that has some keeps them."""
    if not package.stages.exists():
        StageTemplate.objects.bulk_create(StageTemplate(package=package, **each) for each in usual())
        record_change(package, before=[], by=by)


def next_position(package: CheckPackage) -> int:
    last = package.stages.aggregate(last=Max("position"))["last"]
    return (last or 0) + 10


def copy(original: CheckPackage, made: CheckPackage) -> None:
    """``made`` is new and gets the same."""
    rows = original.stages.values("position", *FIELDS)
    StageTemplate.objects.bulk_create(StageTemplate(package=made, **row) for row in rows)


def written(package: CheckPackage) -> list[list[object]]:
    """The stages in their order, as the audit keeps them."""
    rows = package.stages.order_by("position", "pk")
    return [list(row) for row in rows.values_list(*FIELDS)]


def record_change(package: CheckPackage, *, before: list[list[object]], by: User) -> None:
    """In the audit, if the stages are no longer those of ``before``, or in another order."""
    after = written(package)
    if after != before:
        audit.record(
            by=by,
            action=gettext_noop("usual stages changed"),
            on=package,
            changes={"stages": [before, after]},
        )
