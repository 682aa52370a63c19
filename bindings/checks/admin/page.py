"""The page of a background check: what its state means, whom it is about, and all that was told of it."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bindings.checks import duplicates, services, texts
from bindings.checks.queue import QUEUE
from bindings.models import BackgroundCheck, CheckCancellation, CheckTenant, CheckUpdate, ReportLink, Turn
from bindings.order_forms.answers import labelled
from bindings.orders.texts import in_words
from bindings.orders.updates import Found, newest_known, waits_for_a_person
from hireops.desk import audit
from hireops.desk.display import badge, linked, moment, state_badge
from hireops.desk.masking import HIDDEN
from hireops.desk.revealing import is_revealed, noted_for, shown_for
from hireops.desk.waiting import Waiting
from hireops.encryption import decrypt
from hireops.outbox import registry
from hireops.outbox.watching import facts_of

ENTRIES_SHOWN = 100
State, Kind = BackgroundCheck.State, CheckUpdate.Kind


@dataclass(frozen=True, slots=True)
class ReportShown:
    """A report of an update: its name, and the page of our own file or the address of another one."""

    name: str
    link: str
    url: str


@dataclass(frozen=True, slots=True)
class UpdateShown:
    """One thing that was told. ``current``: it is the result that the customer has."""

    update: CheckUpdate
    what: str
    badge: str
    words: str
    readings: Sequence[texts.Reading]
    result: str
    reports: Sequence[ReportShown]
    current: bool
    call_link: str
    can_be_settled: bool


@dataclass(frozen=True, slots=True)
class AnswerShown:
    label: str
    shown: str
    links: Sequence[str]


def page_of(request: HttpRequest, check: BackgroundCheck, *, may_change: bool) -> dict[str, Any]:
    """What the page shows to this person."""
    shown = shown_for(request, check)
    updates = list(_updates(check, shown))
    versions = services.versions_of(check)
    known = CheckTenant.objects.filter(tenant=check.tenant).first()
    return {
        "check": check,
        "badge": state_shown(check),
        "tone": "bad" if check.to_look_at or services.is_sent_back(check) else State(check.state).tone,
        "meaning": texts.meaning(check),
        "look": texts.LOOKS.get(check.to_look_at, check.to_look_at),
        "turn": "" if check.turn == Turn.NOBODY else Turn(check.turn).label,
        "facts": [*_facts(check, shown), (_("Our notes"), noted_for(request, check)(check.notes))],
        "answers": list(_answers(check, revealed=is_revealed(request, check))),
        "answers_lost": bool(check.answers) and decrypt(check.answers) is None,
        "duplicates": [linked(each) for each in duplicates.of(check)],
        "updates": updates,
        "may_change": may_change,
        **_stages(check),
        "may_report_result": not services.why_no_result(check),
        "has_result": versions.exists(),
        "owes_correction": services.owes_correction(check),
        "may_set_turn": check.state not in BackgroundCheck.ENDED,
        "read_back": _read_back_in_words(known),
        "canceled_by": _canceled_by(check),
        "entries": audit.entries_about(check)[:ENTRIES_SHOWN],
    }


def state_shown(check: BackgroundCheck) -> SafeString:
    """The state as a badge; an order that the customer has sent back is in no other one."""
    if services.is_sent_back(check):
        return badge(texts.SHORT_LOOKS[services.SENT_BACK], "bad")
    return state_badge(State(check.state))


def _stages(check: BackgroundCheck) -> dict[str, Any]:
    """What can be reported by one click: the next usual stage, and those that not every order needs."""
    if services.why_no_stage(check):
        return {"may_report_stage": False}
    return {
        "may_report_stage": True,
        "next_stage": services.next_template(check),
        "optional_stages": services.optional_templates(check),
    }


def waiting(check: BackgroundCheck) -> Waiting:
    """For Feishu's answer to what was told."""
    updates = list(QUEUE.updates_of(check))
    facts = [(update.pk, update.state, facts_of(update.call)) for update in updates]
    is_over = not any(_moves_by_itself(update) for update in updates)
    return Waiting(str(State(check.state).label), (*facts, check.turn, check.to_look_at), is_over)


def _moves_by_itself(update: CheckUpdate) -> bool:
    moving = {CheckUpdate.State.SENDING, CheckUpdate.State.IN_DOUBT}
    return update.state in moving and not waits_for_a_person(update)


def _read_back_in_words(known: CheckTenant | None) -> str:
    """Why hireops can't find out by itself what became of a message. Empty if it can, or nobody knows."""
    if known is None or not known.read_back_at:
        return ""
    at = moment(known.read_back_at)
    if known.read_back == CheckTenant.ReadBack.NOT_GRANTED:
        return _(
            "The app may not read orders back from Feishu (asked on %(at)s), so hireops can't find out by "
            "itself what became of a message without an answer. The permission for it is "
            "hire:background_check_order:readonly; a customer's Feishu may still refuse it."
        ) % {"at": at}
    if known.read_back == CheckTenant.ReadBack.OTHER_IDS:
        return _(
            "When orders are read back, Feishu shows none with the ID that was asked for (asked on %(at)s). "
            "So hireops believes nothing of it, and a person has to look."
        ) % {"at": at}
    return ""


def _canceled_by(check: BackgroundCheck) -> str:
    canceled = CheckCancellation.objects.filter(
        tenant=check.tenant, background_check_id=check.background_check_id
    )
    found = canceled.select_related("event").first()
    return linked(found.event) if found else ""


def _facts(check: BackgroundCheck, shown: Callable[[str], str]) -> Iterator[tuple[str, Any]]:
    yield _("Candidate"), shown(check.candidate_name)
    yield _("Mobile number"), shown(check.candidate_mobile)
    yield _("Email"), shown(check.candidate_email)
    yield _("Order ID"), check.background_check_id
    yield _("Package"), _with_id(check.package_name, check.package_id)
    yield _("Additional items"), ", ".join(_with_id(each["name"], each["id"]) for each in check.items)
    yield _("Remark of the customer"), shown(check.comment)
    yield _("Customer"), linked(check.customer) if check.customer else _("not known yet")
    yield _("Account"), linked(check.account) if check.account else check.account_named
    contact = (check.client_contact_name, check.client_contact_mobile, check.client_contact_email)
    yield _("Ordered by"), ", ".join(shown(each) for each in contact if each)
    if check.termination_reason:
        yield _("Reason of the end"), shown(check.termination_reason)
    yield _("Event"), linked(check.event)
    yield _("Responsible"), str(check.responsible or "")


def _with_id(name: str, given_id: str) -> str:
    return f"{name} ({given_id})" if name and given_id else name or given_id


def _answers(check: BackgroundCheck, *, revealed: bool) -> Iterator[AnswerShown]:
    """What was filled in, in the language of the page; personal answers only after a click."""
    for answer in labelled(check.account, json.loads(decrypt(check.answers) or "[]")):
        if revealed or not answer.is_sensitive:
            yield AnswerShown(answer.label, "" if answer.links else answer.shown, answer.links)
        else:
            yield AnswerShown(answer.label, HIDDEN if answer.shown else "", ())


def _updates(check: BackgroundCheck, shown: Callable[[str], str]) -> Iterator[UpdateShown]:
    rows = list(QUEUE.updates_of(check).select_related("created_by"))
    current = newest_known([each for each in rows if each.kind == Kind.RESULT])
    links = _links_of(rows)
    ended = texts.ended(check)
    for update in reversed(rows):
        call = update.call
        yield UpdateShown(
            update=update,
            what=what(update),
            badge=state_badge(CheckUpdate.State(update.state)),
            words=in_words(update, ended),
            readings=texts.readings(update) if waits_for_a_person(update) else (),
            result=shown(update.result),
            reports=[_report(each, links, shown) for each in update.reports],
            current=current is not None and current.pk == update.pk,
            call_link=linked(call, f"{registry.label_of(call.operation)} #{call.pk}") if call else "",
            can_be_settled=bool(choices_of(check, update)),
        )


def _links_of(updates: Iterable[CheckUpdate]) -> dict[int, ReportLink]:
    keys = [report["link"] for update in updates for report in update.reports if "link" in report]
    return ReportLink.objects.select_related("file").in_bulk(keys)


def _report(report: dict[str, Any], links: dict[int, ReportLink], shown: Callable[[str], str]) -> ReportShown:
    link = links.get(report.get("link", 0))
    page = linked(link.file, _("file")) if link else ""
    return ReportShown(shown(report["name"]), page, report.get("url", ""))


def what(update: CheckUpdate) -> str:
    """What it tells, in a few words; no result."""
    if update.kind == Kind.TERMINATION:
        return _("End from our side")
    if update.kind == Kind.RESULT:
        return _("Corrected result") if update.reason else _("Final result")
    text = _("Stage “%(name)s” with an interim result") if update.result else _("Stage “%(name)s”")
    return text % {"name": update.stage_name}


def choices_of(check: BackgroundCheck, update: CheckUpdate) -> list[tuple[str, Any]]:
    """What a person may say of this update now."""
    return [(found.value, found.label) for found in Found if not QUEUE.why_not_settled(check, update, found)]
