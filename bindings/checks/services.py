"""What staff do with background checks."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.checks import queue
from bindings.checks.packages import codes_of
from bindings.checks.queue import QUEUE, State
from bindings.models import BackgroundCheck, CheckTenant, CheckUpdate, StageTemplate, Turn
from bindings.orders.updates import Found
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused

Kind = CheckUpdate.Kind
STOPPED = CheckUpdate.State.STOPPED
LONGEST_STAGE, LONGEST_REASON = 100, 255
MILLISECOND = timedelta(milliseconds=1)
# The stage that Feishu's page asks for before an order is ended (contract 4.9).
TERMINATED_ZH, TERMINATED_EN = "已终止", "Terminated"

Reports = Sequence[dict[str, Any]]


# --- Told to Feishu


def report_stage(
    check: BackgroundCheck,
    *,
    by: User,
    name: str,
    en_name: str = "",
    result: str = "",
    reports: Reports = (),
    time: datetime | None = None,
) -> CheckUpdate:
    """Report a stage; with ``result`` an interim report, which needs a report file. Raises ``Refused``.

    ``time`` is now if None; it is moved behind the stage before where it is not later than that one.
    """
    if not name.strip():
        raise Refused(_("A stage needs a name. The customer reads it on the candidate's page."))
    if len(name) > LONGEST_STAGE or len(en_name) > LONGEST_STAGE:
        raise Refused(_("The name of a stage has at most %(most)s characters.") % {"most": LONGEST_STAGE})
    if bool(result.strip()) != bool(reports):
        raise Refused(_("An interim result needs its text and a report. Give both, or neither."))
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if why_not := why_no_stage(check):
            raise Refused(why_not)
        queue.take_step(check, State.IN_PROGRESS)
        queue.set_turn(check, Turn.VENDOR)
        said = {"stage_name": name.strip(), "stage_en_name": en_name.strip(), "result": result.strip()}
        return _add_stage(check, by, at=time, **said, reports=list(reports))


def report_next_stage(
    check: BackgroundCheck, *, by: User, chosen: StageTemplate | None = None
) -> CheckUpdate:
    """Report the next of the package's usual stages, or the optional one that is chosen. Raises ``Refused``.

    ``chosen`` is the stage that the person has seen; None takes the next one, whichever it is.
    """
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if why_not := why_no_stage(check):
            raise Refused(why_not)
        template = chosen if chosen in optional_templates(check) else next_template(check)
        if template is None:
            raise Refused(_("All usual stages of this package have been reported."))
        if chosen and chosen != template:
            raise Refused(_("Somebody has reported a stage meanwhile. Look at the order as it is now."))
        queue.take_step(check, State.IN_PROGRESS)
        queue.set_turn(check, Turn(template.turn), stops_clock=template.stops_clock)
        return _add_stage(check, by, stage_name=template.name, stage_en_name=template.en_name)


def next_template(check: BackgroundCheck) -> StageTemplate | None:
    """Return the first usual stage behind the last reported one that is not optional. None after the last."""
    usual = _usual_stages_of(check)
    stages = (each for each in check.updates.all() if each.kind == Kind.STAGE and each.state != STOPPED)
    reported = {each.stage_name for each in stages}
    places = [place for place, template in enumerate(usual) if template.name in reported]
    following = usual[max(places) + 1 :] if places else usual
    return next((template for template in following if not template.is_optional), None)


def optional_templates(check: BackgroundCheck) -> list[StageTemplate]:
    """Return the usual stages that are reported only if an order needs them, as often as it does."""
    return [template for template in _usual_stages_of(check) if template.is_optional]


def _usual_stages_of(check: BackgroundCheck) -> list[StageTemplate]:
    return _usual_stages([check])[check.package_id] if check.fetched_stages is None else check.fetched_stages


def _usual_stages(checks: Iterable[BackgroundCheck]) -> dict[str, list[StageTemplate]]:
    """Those of their packages, by the ID that the orders name."""
    codes = {check.package_id: codes_of(check.package_id) for check in checks}
    wanted = {code for each in codes.values() for code in each}
    templates = StageTemplate.objects.filter(package__code__in=wanted).select_related("package")
    found = list(templates)
    return {id_: [each for each in found if each.package.code in codes[id_]] for id_ in codes}


def fetch_for(checks: Collection[BackgroundCheck]) -> None:
    """So that what can be done with each of these, as they are in memory, is said without asking for more."""
    prefetch_related_objects(list(checks), "updates")
    stages = _usual_stages(checks)
    for check in checks:
        check.fetched_stages = stages[check.package_id]


def report_result(
    check: BackgroundCheck,
    *,
    by: User,
    result: str,
    reports: Reports = (),
    reason: str = "",
    time: datetime | None = None,
) -> CheckUpdate:
    """Report the final result, or with ``reason`` one that corrects those before it. Raises ``Refused``.

    Whether Feishu takes a second one is not documented (contract 4.8): a refusal is kept with this version.
    """
    if not result.strip():
        raise Refused(_("A result needs its text, such as “no discrepancies”."))
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if why_not := why_no_result(check):
            raise Refused(why_not)
        if versions_of(check).exists() and not reason.strip():
            raise Refused(_("There is a result already. Say why this one takes its place."))
        if check.to_look_at in OWN_LOOKS:
            forget_look(check)
        update = QUEUE.add(
            check,
            by=by,
            kind=Kind.RESULT,
            time=_next_time(check, time),
            result=result.strip(),
            reason=reason.strip(),
            reports=list(reports),
        )
        _tell(check, by, gettext_noop("result reported"), update, reason=reason)
        return update


def terminate(check: BackgroundCheck, *, by: User, reason: str) -> None:
    """End the order from our side: a last stage that says so, then the end. Raises ``Refused``."""
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if why_not := why_not_terminated(check):
            raise Refused(why_not)
        stage = _add_stage(check, by, stage_name=TERMINATED_ZH, stage_en_name=TERMINATED_EN)
        QUEUE.add(check, by=by, kind=Kind.TERMINATION, time=stage.time and stage.time + MILLISECOND)
        _tell(check, by, gettext_noop("ended from our side"), stage, reason=reason)


def settle(update: CheckUpdate, found: Found, *, by: User, reason: str) -> None:
    """What a person has found out of an update that holds up its order. Raises ``Refused``."""
    QUEUE.settle(update, found, by=by, reason=reason)


def why_no_stage(check: BackgroundCheck) -> str:
    """Why no stage can be reported now, as a sentence for staff. Empty if one can."""
    if check.state in BackgroundCheck.ENDED:
        return _("This order has ended. Nothing more can be told to Feishu about it.")
    if is_ending(check):
        return _("This order is being ended from our side. Nothing more can be told to Feishu about it.")
    if any(each.kind == Kind.RESULT and each.state != STOPPED for each in check.updates.all()):
        return _("The result has been reported. Feishu takes no more stages after it.")
    return ""


def why_no_next_stage(check: BackgroundCheck) -> str:
    """The same of the next of its package's usual stages."""
    if why := why_no_stage(check):
        return why
    return "" if next_template(check) else _("All usual stages of this package have been reported.")


def why_no_result(check: BackgroundCheck) -> str:
    """The same of a final result. One that corrects an earlier one may be tried also when all is over."""
    if check.state in queue.CALLED_OFF:
        return _("This order has ended. Nothing more can be told to Feishu about it.")
    if check.emptied_at:
        return _("The personal data of this order has been removed, because its time was over.")
    if is_ending(check):
        return _("This order is being ended from our side. Nothing more can be told to Feishu about it.")
    return ""


def why_not_terminated(check: BackgroundCheck) -> str:
    if check.state in BackgroundCheck.ENDED:
        return _("This order has ended already.")
    if is_ending(check):
        return _("This order is being ended already.")
    if check.state == State.RESULT_SENT:
        return _("The result has been delivered, so there is nothing to end any more.")
    return ""


def why_not_completed(check: BackgroundCheck) -> str:
    """Why a person can't say that the order is completed. Empty if that is possible."""
    if check.state != State.RESULT_SENT or has_open_update(check):
        return _("Only an order whose result has been delivered can be marked as completed.")
    if owes_correction(check):
        return _("The customer has not approved the result. Report a corrected result first.")
    return ""


def is_sent_back(check: BackgroundCheck) -> bool:
    """Whether the customer has not approved the delivered result, so that it is our turn again."""
    return check.state == State.RESULT_SENT and check.turn == Turn.VENDOR


def owes_correction(check: BackgroundCheck) -> bool:
    """Whether an order that was sent back waits for a corrected result, and Feishu has refused none yet."""
    if not is_sent_back(check) or has_open_update(check):
        return False
    results = [each for each in check.updates.all() if each.kind == Kind.RESULT]
    newest = max(results, key=lambda each: each.number, default=None)
    return newest is None or newest.state != STOPPED


def has_open_update(check: BackgroundCheck) -> bool:
    return any(each.state in CheckUpdate.OPEN for each in check.updates.all())


def is_ending(check: BackgroundCheck) -> bool:
    """Whether our own end is on its way, or in doubt."""
    updates = check.updates.all()
    return any(each.kind == Kind.TERMINATION and each.state in CheckUpdate.OPEN for each in updates)


def versions_of(check: BackgroundCheck) -> Any:
    """The final results of an order, oldest first."""
    return QUEUE.updates_of(check).filter(kind=Kind.RESULT)


# --- Written down here only


def say_completed(check: BackgroundCheck, *, by: User, reason: str) -> None:
    """A person has seen that the order is completed at Feishu. Raises ``Refused``."""
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if why_not := why_not_completed(check):
            raise Refused(why_not)
        look(check, "")
        queue.take_step(check, State.COMPLETED)
        _record(check, by, gettext_noop("marked as completed"), reason=reason)


def say_sent_back(check: BackgroundCheck, *, by: User, reason: str) -> None:
    """The customer has not approved the result: it is our turn again. Raises ``Refused``."""
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if check.state != State.RESULT_SENT:
            raise Refused(_("Only a result that has been delivered can be sent back."))
        note_sent_back(check, by=by, reason=reason)


def note_sent_back(check: BackgroundCheck, *, by: User | None = None, reason: str = "") -> None:
    """The same of a locked order; once for each result."""
    if check.to_look_at == SENT_BACK or (by is None and check.turn == Turn.VENDOR):
        return
    CheckTenant.objects.update_or_create(tenant=check.tenant, defaults={"approves": True})
    queue.set_turn(check, Turn.VENDOR)
    look(check, SENT_BACK)
    _record(check, by, gettext_noop("sent back by the customer"), reason=reason)


def say_whether_approved(check: BackgroundCheck, *, approves: bool, by: User) -> None:
    """Whether this tenant approves results; if not, its orders are completed as soon as one is delivered."""
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        CheckTenant.objects.update_or_create(tenant=check.tenant, defaults={"approves": approves})
        _record(check, by, gettext_noop("said whether the customer approves results"), approves=approves)


def approves(check: BackgroundCheck) -> bool | None:
    """Whether its tenant approves results; None as long as nobody knows."""
    known = CheckTenant.objects.filter(tenant=check.tenant_id).values_list("approves", flat=True)
    return known.first()


def set_turn(check: BackgroundCheck, turn: Turn, *, by: User, reason: str, stops_clock: bool = False) -> None:
    """Whose turn it is while the order goes on, and why; not ours, the clock may stop. Raises ``Refused``."""
    if stops_clock and turn == Turn.VENDOR:
        raise Refused(_("While it is our turn, the clock can't stop."))
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if check.state in BackgroundCheck.ENDED:
            raise Refused(_("This order has ended, so it is nobody's turn."))
        before = check.turn
        queue.set_turn(check, turn, stops_clock=stops_clock)
        details = {"before": before, "after": turn, "stops_clock": stops_clock}
        _record(check, by, gettext_noop("whose turn it is"), reason=reason, **details)


def looked_at(check: BackgroundCheck, *, by: User, reason: str) -> None:
    """A person has looked at what only needed looking at. Raises ``Refused`` where something is open."""
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if check.to_look_at not in OWN_LOOKS:
            raise Refused(_("This goes away when what waits has been settled."))
        look(check, "")
        _record(check, by, gettext_noop("looked at"), reason=reason)


# Beside those of ``bindings.orders.updates.Look``.
SENT_BACK, LONG_WITHOUT_WORD = "sent_back", "long_without_word"
OWN_LOOKS = {SENT_BACK, LONG_WITHOUT_WORD}


def open_updates(check: BackgroundCheck) -> Any:
    return QUEUE.updates_of(check).filter(state__in=CheckUpdate.OPEN)


# --- Writing


def _add_stage(check: BackgroundCheck, by: User, *, at: datetime | None = None, **says: Any) -> CheckUpdate:
    """A stage that keeps its ID and time, however often it is sent."""
    fixed = {"stage_id": uuid4().hex, "time": _next_time(check, at)}
    update = QUEUE.add(check, by=by, kind=Kind.STAGE, **fixed, **says)
    _tell(check, by, gettext_noop("stage reported"), update)
    return update


def _next_time(check: BackgroundCheck, at: datetime | None = None) -> datetime:
    """``at``, or now, to the millisecond; later than all before (contract 4.7), also if the clock was set
    back."""
    now = (at or clock.now()).astimezone(UTC)
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    last = QUEUE.updates_of(check).aggregate(last=Max("time"))["last"]
    return max(now, last + MILLISECOND) if last else now


def _tell(check: BackgroundCheck, by: User, action: str, update: CheckUpdate, *, reason: str = "") -> None:
    _record(check, by, action, reason=reason, number=update.number)


def _record(
    check: BackgroundCheck, by: User | None, action: str, *, reason: str = "", **details: Any
) -> None:
    audit.record(by=by, action=action, on=check, reason=reason, **details)


def look(check: BackgroundCheck, why: str) -> None:
    """Have somebody look at a locked order."""
    check.to_look_at = why
    check.save(update_fields=["to_look_at"])


def forget_look(check: BackgroundCheck) -> None:
    look(check, "")
