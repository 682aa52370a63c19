"""What an event from Feishu changes: a customer has arranged an exam (contract 5.6)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from bindings.models import EcoAccount, Exam, ExamPaper, Turn
from bindings.orders import candidates, offered, promises
from hireops.database import bulk
from hireops.desk import audit
from hireops.feishu.callbacks import Unreadable
from hireops.feishu.hire.events import EcoExamCreated
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import AccountKey, accounts_named
from hireops.inbox.models import Event, tenants_of
from hireops.inbox.registry import EventType, Received, register

ECO_EXAM_CREATED = "hire.eco_exam.created_v1"
LONGEST = 255
COLUMNS = (
    "tenant",
    "exam_id",
    "event",
    "account_named",
    "account",
    "customer",
    "state",
    "paper_id",
    "paper_name",
    "talent_id",
    "application_id",
    "department",
    "candidate_name",
    "candidate_mobile",
    "candidate_email",
    "received_at",
    "turn",
    "turn_since",
    "promise_is_provisional",
    "to_look_at",
    "notes",
)


@dataclass(frozen=True, slots=True)
class Arranged:
    """Which exam an event speaks of, and what it says."""

    event: Event
    tenant: Tenant
    created: EcoExamCreated

    @property
    def key(self) -> tuple[int, str]:
        return self.tenant.pk, self.created.exam_id

    @property
    def account_key(self) -> AccountKey:
        return self.tenant.pk, self.created.account_id

    def row(self, account: EcoAccount | None, paper_name: str) -> list[Any]:
        """A value for each of ``COLUMNS``."""
        created, person = self.created, self.created.candidate_info
        department = created.job_info.department
        return [
            *self.key,
            self.event.pk,
            created.account_id,
            account.pk if account else None,
            account.customer_id if account else None,
            Exam.State.RECEIVED,
            created.paper_id[:LONGEST],
            paper_name,
            created.talent_id[:LONGEST],
            created.application_id[:LONGEST],
            (department.zh_cn or department.en_us)[:LONGEST],
            candidates.name_of(person),
            candidates.mobile_of(person),
            candidates.email_of(person),
            self.event.received_at,
            Turn.VENDOR,
            self.event.received_at,
            False,
            "",
            "",
        ]


def receive_exams(received: Sequence[Received[EcoExamCreated]]) -> None:
    """Each exam once, however often it is told of; also those of an account that nobody knows yet."""
    tenants = tenants_of(one.event for one in received)
    arranged: dict[tuple[int, str], Arranged] = {}
    for one in received:
        each = Arranged(one.event, tenants[one.event.pk], one.content)
        arranged.setdefault(each.key, each)
    new = [arranged[key] for key in sorted(arranged)]
    accounts = _accounts({each.account_key for each in new})
    names = _names_of_papers({each.created.paper_id for each in new})
    rows = [each.row(accounts.get(each.account_key), names.get(each.created.paper_id, "")) for each in new]
    events = Exam.objects.filter(event__in=[each.event.pk for each in new])
    there_already = set(events.values_list("pk", flat=True))
    bulk.insert_missing(Exam, COLUMNS, rows)
    made = [exam for exam in events.select_related("account").order_by("pk") if exam.pk not in there_already]
    offered.note_what_is_foreign(made)
    audit.record_all(
        audit.entry(by=None, action=gettext_noop("exam received"), on=exam, event=exam.event_id)
        for exam in made
    )
    promises.set_promises(_promised(made))


def _promised(made: Sequence[Exam]) -> list[tuple[Exam, int]]:
    """Those whose paper is ours, with the working days that it takes."""
    papers = ExamPaper.objects.filter(code__in={exam.paper_id for exam in made})
    days = dict(papers.values_list("code", "working_days"))
    return [(exam, days[exam.paper_id]) for exam in made if exam.paper_id in days]


def _accounts(keys: Collection[AccountKey]) -> dict[AccountKey, EcoAccount]:
    """Locked: whose account it is does not change before the exam is there to be told of it."""
    known = EcoAccount.objects.select_for_update(no_key=True).filter(accounts_named(keys)).order_by("pk")
    return {(account.tenant_id, account.account_id): account for account in known}


def _names_of_papers(codes: Collection[str]) -> dict[str, str]:
    return dict(ExamPaper.objects.filter(code__in=codes).values_list("code", "name"))


# --- For the event's page


def exams_of(event: Event) -> list[Exam]:
    """The exam that it told of, also if another event was the first to do so."""
    told = EcoExamCreated.of(event.payload)
    if isinstance(told, Unreadable):  # also once its content has been removed
        return list(Exam.objects.filter(event=event))
    return list(Exam.objects.filter(tenant=event.tenant, exam_id=told.exam_id))


def in_words(created: EcoExamCreated) -> str:
    """Without the candidate."""
    text = _("A customer arranged the exam %(exam_id)s on the paper “%(paper_id)s” (account %(account_id)s).")
    return text % {
        "exam_id": created.exam_id,
        "paper_id": created.paper_id or "–",
        "account_id": created.account_id,
    }


register(
    EventType(
        name=ECO_EXAM_CREATED,
        label=gettext_lazy("Exam arranged"),
        read=EcoExamCreated.of,
        handle=receive_exams,
        changed=exams_of,
        in_words=in_words,
        permission="bindings.view_exam",
    )
)
