"""A vendor's half with a row of every kind that guards look at, for a database whose story had none yet."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from bindings.models import (
    AccountOffer,
    AdditionalItem,
    BackgroundCheck,
    BindingChange,
    BindingCode,
    CheckCancellation,
    CheckPackage,
    CheckUpdate,
    Customer,
    CustomerImport,
    EcoAccount,
    Exam,
    ExamPaper,
    ExamUpdate,
    MatchingRule,
    OfferCall,
    OfferedItem,
    OfferRun,
    OrderFile,
    OrderForm,
    OrderFormPush,
    PromiseChange,
    ReportFetch,
    ReportFile,
    ReportLink,
    StageTemplate,
    Turn,
)
from hireops.inbox.models import Event
from hireops.outbox.models import Call, Channel
from tests.guards.refusals import ANOTHER_NUMBER

MORNING = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
NUMBERS = count(1)


def serve_a_customer() -> None:
    """One customer and one who left, an account of each, and what became of what they ordered."""
    vera = User.objects.create(username="vera of the guards", is_staff=True)
    account = EcoAccount.objects.earliest("pk")
    _bind(account, vera)
    _offer(account, vera)
    _order_checks(account, vera)
    _order_exams(account, vera)
    _report(vera)
    _prepare(vera)


def _bind(account: EcoAccount, vera: User) -> None:
    acme = Customer.objects.create(code="acme", normalised_code="acme", name="Acme")
    Customer.objects.create(
        pk=ANOTHER_NUMBER, code="gone", normalised_code="gone", name="Gone", archived=True
    )
    rule = MatchingRule.objects.create(scope=1, key="token", kind="binding_code", position=1)
    used, revoked, _open = (
        BindingCode.objects.create(
            customer=acme, digest=digest, hint=f"{digest}…", issued_by=vera, expires_at=MORNING
        )
        for digest in ("used", "revoked", "open")
    )
    BindingCode.objects.filter(pk=used.pk).update(used_at=MORNING, used_by=account)
    BindingCode.objects.filter(pk=revoked.pk).update(revoked_at=MORNING, revoked_by=vera)
    EcoAccount.objects.filter(pk=account.pk).update(customer=acme)
    BindingChange.objects.create(
        account=account, customer=acme, how="binding_code", rule=rule, binding_code=used
    )
    BindingChange.objects.create(account=account, customer=acme, how="by_hand", by=vera, reason="as agreed")


def _offer(account: EcoAccount, vera: User) -> None:
    offer = AccountOffer.objects.create(account=account, asked_by=vera)
    OfferedItem.objects.create(
        offer=offer,
        kind="package",
        feishu_id="basic",
        standing="confirmed",
        content={"id": "basic", "name": "基础"},
    )
    OfferedItem.objects.create(offer=offer, kind="package", feishu_id="basic_v1", standing="deleted")
    OfferCall.objects.create(offer=offer, call=_call(), verb="create", sent=[], before={})
    OrderFormPush.objects.create(
        account=account, road="create", fields=[], sensitive=[], sending=_call(), created_by=vera
    )


def _order_checks(account: EcoAccount, vera: User) -> None:
    asked, under_way, called_off = (
        BackgroundCheck.objects.create(background_check_id=f"check {number}", **_order(account))
        for number in range(3)
    )
    BackgroundCheck.objects.filter(pk=under_way.pk).update(state="in_progress")
    for check in (under_way, called_off):
        for number in (1, 2, 3):
            CheckUpdate.objects.create(
                background_check=check,
                number=number,
                kind="result" if number == 3 else "stage",
                stage_id="" if number == 3 else f"stage {number}",
                time=MORNING + timedelta(hours=number),
                created_by=vera,
            )
        first = CheckUpdate.objects.filter(background_check=check, number=1)
        first.update(state="sending", call=_call())
        first.update(state="delivered", delivered_at=MORNING)
    BackgroundCheck.objects.filter(pk=called_off.pk).update(state="canceled_by_customer", ended_at=MORNING)
    CheckCancellation.objects.create(
        tenant=account.tenant, background_check_id=called_off.background_check_id, event=_event()
    )
    PromiseChange.objects.create(background_check=asked, cause="received", after=MORNING.date())


def _order_exams(account: EcoAccount, vera: User) -> None:
    marked, set_aside = (
        Exam.objects.create(exam_id=f"exam {number}", **_order(account)) for number in range(2)
    )
    for each in (marked, set_aside):
        for number in (1, 2):
            ExamUpdate.objects.create(
                exam=each, number=number, kind="score", score="90", time=MORNING, created_by=vera
            )
        ExamUpdate.objects.filter(exam=each, number=1).update(state="delivered", delivered_at=MORNING)
    Exam.objects.filter(pk=marked.pk).update(state="marked", ended_at=MORNING)
    Exam.objects.filter(pk=set_aside.pk).update(state="set_aside", ended_at=MORNING)


def _report(vera: User) -> None:
    file = ReportFile.objects.create(name="a.pdf", file="a.pdf", sha256="0" * 64, size=1, uploaded_by=vera)
    links = [
        ReportLink.objects.create(file=file, token=digest, token_digest=digest, expires_at=MORNING)
        for digest in ("open", "withdrawn")
    ]
    ReportLink.objects.filter(pk=links[1].pk).update(
        revoked_at=MORNING, revoked_by=vera, revoked_because="sent to the wrong customer"
    )
    for sent in (None, 1):
        ReportFetch.objects.create(link=links[0], method="GET", status=200, sent=sent)


def _prepare(vera: User) -> None:
    package = CheckPackage.objects.create(code="basic", name="基础")
    StageTemplate.objects.create(package=package, name="学历核实")
    AdditionalItem.objects.create(code="court", name="诉讼")
    ExamPaper.objects.create(code="java", name="Java")
    OrderForm.objects.create(name="标准下单表单")
    OfferRun.objects.create(asked_by=vera)
    CustomerImport.objects.create(file_name="customers.csv", uploaded_by=vera)
    OrderFile.objects.create(file_name="orders.csv", uploaded_by=vera)


def _order(account: EcoAccount) -> dict[str, Any]:
    return {
        "tenant": account.tenant,
        "account_named": account.account_id,
        "account": account,
        "event": _event(),
        "candidate_name": "王小二",
        "received_at": MORNING,
        "turn": Turn.VENDOR,
        "turn_since": MORNING,
    }


def _event() -> Event:
    number = next(NUMBERS)
    return Event.objects.create(app_id="a", event_id=f"order {number}", state="set_aside")


def _call() -> Call:
    number = next(NUMBERS)
    return Call.objects.create(
        operation="test.guards",
        target=str(number),
        lane=f"guards {number}",
        channel=Channel.objects.earliest("pk"),
        payload={},
        pending_since=MORNING,
        not_before=MORNING,
        created_at=MORNING,
    )
