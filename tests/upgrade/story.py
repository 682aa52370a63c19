"""What happens in the database of a starting point: first what ends, then what is left begun."""

from datetime import date, timedelta
from importlib.util import find_spec
from time import sleep
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tests.deliveries import envelope
from tests.simulator_process import FIELDS, Simulator
from tests.upgrade.company import BALANCE, HANDLE, Company
from tests.upgrade.people import die_in, rows, run

BINDING = "hire.eco_account.created_v1"
WITHDRAW = "/open-apis/hire/v1/referral_account/:referral_account_id/withdraw"
ASSETS = "/open-apis/hire/v1/referral_account/get_account_assets"
SEND = "hireops.outbox.tasks.drain"
if find_spec("hireops.jobs"):
    REPLAY = IMPORT = "hireops.jobs.tasks.work"
    SETTLE, BETWEEN_PARTS = [], "jobs.between_parts"
else:  # until f82b898 each kind of long work had a task of its own
    REPLAY, IMPORT = "hireops.inbox.tasks.work_on_replays", "referrals.tasks.work_on_imports"
    SETTLE, BETWEEN_PARTS = ["referrals.tasks.settle_withdrawals"], "referrals.between_parts"
BY_THE_CLOCK = [f"hireops.desk.tasks.{task}" for task in ("check_invariants", "worker_lives", "beat_lives")]
GIVEN_UP_AFTER_S = 31
SYSTEM_ERROR, MOST_SYSTEM_ERRORS = 1002001, 5
ACCOUNT_DISABLED, NOT_PERMITTED = 1002555, 1002002
UNKNOWN_TO_FEISHU = "4000000000000000001"
DAYS_AGO = [date.today() - timedelta(days=days) for days in range(5)]  # noqa: DTZ011 - the first is not used
# Employees are called after what becomes of their money.
TAKEN = ["paid", "bounced", "handed over", "also handed over", "to be handed over"]
ENDED = ["rejected", "canceled", "refused", "empty"]
BEGUN = ["requested", "approved", "unknown"]
NOT_PAID_OUT = ["switched off", "asked in vain", "drifted"]
SELF_APPROVED = "approved by who asked"
EMPLOYEES = [*TAKEN, *ENDED, *BEGUN, *NOT_PAID_OUT, SELF_APPROVED]
# Tables of libraries that hireops keeps nothing in: sessions, addresses and social accounts are its own.
NEVER_USED = {
    "account_emailaddress",
    "account_emailconfirmation",
    "django_session",
    "socialaccount_socialapp",
    "socialaccount_socialtoken",
}
LEFT_AS = {name: name.replace(" ", "_") for name in (*TAKEN, *ENDED, *BEGUN)} | {
    "also handed over": "handed_over",
    "to be handed over": "taken",
    SELF_APPROVED: "taken",
}


def tell(simulator: Simulator) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    company = Company(simulator)
    for part in (
        _what_no_page_writes,
        *([_who_staff_are] if find_spec("hireops.people") else []),
        _fields_and_bindings,
        _registrations_and_rewards,
        _withdrawals,
        _imports,
        _workers_that_died_over_events,
        _events_of_all_kinds,
        _calls_that_did_not_succeed,
        _a_day_with_cases,
        _what_must_be_sent_at_once,
        _what_can_wait,
    ):
        part(company)
    assert dict(rows("referrals.Withdrawal").values_list("account__name", "state")) == LEFT_AS
    if empty := _empty_tables():
        raise SystemExit(f"nothing is in {', '.join(empty)}")


def _empty_tables() -> list[str]:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        return [table for table in tables if table not in NEVER_USED and not _has_rows(cursor, table)]


def _has_rows(cursor: Any, table: str) -> bool:
    cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1')
    return cursor.fetchone() is not None


# --- What ends


def _what_no_page_writes(_company: Company) -> None:
    """Rights of one person, and Django's own log: whoever looks after the server can write them."""
    otto = User.objects.get(username="otto")
    otto.user_permissions.add(Permission.objects.get(codename="view_call"))
    LogEntry.objects.log_actions(otto.pk, [otto], CHANGE)


def _who_staff_are(company: Company) -> None:
    """Since c8edc11: who comes, who has to choose a password, who mistypes one, and how others sign in."""
    (auditor,) = rows("auth.Group", name__contains="Auditor")
    company.root.submit(
        "people/invitation/invite/", mobile="13800009999", email="", roles=[auditor.pk], person=""
    )
    name = {"first_name": "New", "last_name": "Comer", "full_name": "New Comer"}  # one field by and by
    company.root.see("auth/user/add/", username="newcomer", **name, roles=[])
    for _try in range(3):
        Client().post("/account/login/", {"login": "hira", "password": "not hers"})
    otto = User.objects.get(username="otto")
    rows("mfa.Authenticator").model.objects.create(user=otto, type="totp", data={"secret": "made up"})
    rows("socialaccount.SocialAccount").model.objects.create(user=otto, provider="feishu", uid="ou_otto")


def _fields_and_bindings(company: Company) -> None:
    company.define_field(1, "account_token", "账号令牌", 1)
    company.define_field(1, "company", "公司名称", 2)
    company.define_field(2, "exam_token", "笔试令牌", 1)
    company.push(1)
    run(SEND)
    values = [{"key": "account_token", "value": "s3cret-token"}, {"key": "company", "value": "某某公司"}]
    company.feishu.add_account(name="背调账号 001", values=values)
    company.deliver()
    company.feishu.add_fault("refused", path=FIELDS, code=NOT_PERMITTED)
    company.push(2)
    run(SEND)


def _registrations_and_rewards(company: Company) -> None:
    for number, name in enumerate(EMPLOYEES):
        company.employ(name, f"1380000{number:04}")
        company.register(name, mobile=f"1380000{number:04}")
    company.register("refused by Feishu", email="nobody@example.com")
    run(SEND)
    for number, name in enumerate(EMPLOYEES):
        company.feishu.reward(name, points=100 + number, CNY=f"{number}.50")
    company.deliver()
    company.hira.act("referrals.ReferralAccount", "deactivate", company.account("switched off").pk)
    run(SEND)


def _withdrawals(company: Company) -> None:
    company.ask_for(*TAKEN, *ENDED, by=company.hira)
    company.decide("reject", "rejected", by=company.ada)
    company.decide("cancel", "canceled", by=company.hira)
    company.decide("approve", *TAKEN, by=company.ada)
    company.ask_for(SELF_APPROVED, by=company.root)
    company.decide("approve", SELF_APPROVED, by=company.root)
    run(SEND)
    company.deliver()
    number = EMPLOYEES.index("empty")
    company.feishu.reward("empty", points=-100 - number, CNY=f"-{number}.50")  # told after it is approved
    company.decide("approve", "empty", by=company.ada)
    run(SEND)
    company.feishu.add_fault("refused", path=WITHDRAW, code=ACCOUNT_DISABLED)
    company.decide("approve", "refused", by=company.ada)
    run(SEND)
    company.deliver()
    company.hand_over("paid", "bounced")
    company.record_paid("paid", "BANK-1")
    company.record_bounced("bounced", "卡号有误")
    company.hand_over("handed over", "also handed over")


def _imports(company: Company) -> None:
    done = company.import_of("done", 3)
    run(IMPORT)
    company.confirm(done)
    run(IMPORT, SEND, IMPORT)
    company.upload("unreadable.xlsx", b"PK\x03\x04 cut off")
    run(IMPORT)
    discarded = company.import_of("discarded", 2)
    run(IMPORT)
    company.hira.act("referrals.RegistrationImport", "discard", discarded)


def _workers_that_died_over_events(company: Company) -> None:
    """These events then wait for a person. Before others fail, which such a worker would take up as well."""
    lost_over = [company.account(name).account_id for name in ("requested", "approved")]
    points = {each["account_id"]: each["points"] for each in company.feishu.state("employees")["employees"]}
    for account_id in lost_over:
        company.post(company.balance_event(account_id, points[account_id]))
        die_in(HANDLE, "inbox.claimed")
    for _ in range(2):
        sleep(GIVEN_UP_AFTER_S)
        for _account_id in lost_over:
            die_in(HANDLE, "inbox.claimed")
    sleep(GIVEN_UP_AFTER_S)
    run(HANDLE)
    assert rows("inbox.Event", cause="lost", state="failed").count() == len(lost_over)


def _events_of_all_kinds(company: Company) -> None:
    told = company.balance_event(UNKNOWN_TO_FEISHU, 7)
    company.post(told)
    company.post({**told, "event": {**told["event"], "note": "other content under the same id"}})
    company.post(envelope("hire.eco_background_check.created_v1", {"background_check_id": "1"}))
    company.post(b"not what Feishu writes")
    company.post(envelope(BALANCE, {"account_id": company.account("requested").account_id}))
    company.post(envelope(BINDING, {"account_id": ""}))
    company.feishu.control("events/app_ticket")
    company.deliver()
    aside = rows("inbox.Event", state="failed", cause="content", event_type=BALANCE).get()
    company.hira.act("inbox.Event", "set_aside", aside.pk)
    company.replay_what_failed(DAYS_AGO[2], "the customer has seen to it", BINDING)
    run(REPLAY, HANDLE)


def _calls_that_did_not_succeed(company: Company) -> None:
    company.feishu.reward("drifted", points=1)  # told later than it is asked for
    company.refresh("drifted")
    run(SEND)
    company.feishu.add_fault("refused", path=ASSETS, code=SYSTEM_ERROR, calls=MOST_SYSTEM_ERRORS)
    company.refresh("asked in vain")
    while not rows("outbox.Call", state="waiting").exists():
        run(SEND)
    company.refresh("empty")
    company.hira.act("outbox.Call", "cancel", rows("outbox.Call", state="pending").last().pk)


def _a_day_with_cases(company: Company) -> None:
    company.reconcile(DAYS_AGO[3])
    run(IMPORT, SEND, IMPORT)
    company.ada.act("referrals.Case", "close", rows("referrals.Case").first().pk, reason="seen by payroll")
    assert rows("referrals.Case", closed_at=None).exists()
    run(*BY_THE_CLOCK)


# --- What is left begun: from here on nothing may run that would end it


def _what_must_be_sent_at_once(company: Company) -> None:
    """A withdrawal without an answer, whose call is due again in half a minute, and half of an import."""
    company.upload("checked.csv", "手机号\n13900009991\n12\n13900009991\n13800000000\n".encode())
    half_sent = company.import_of("half sent", 55)
    run(IMPORT, IMPORT)
    company.confirm(half_sent)
    company.ask_for(*BEGUN, by=company.hira)
    company.decide("approve", "unknown", by=company.ada)
    company.feishu.add_fault("cut", path=WITHDRAW, when="after")
    while not company.withdrawal("unknown").call.attempts.exists():
        sleep(1)  # queries rest for some seconds after those that failed
        run(SEND)
    run(*SETTLE, IMPORT)
    if find_spec("referrals.endings"):
        _an_ending_that_waits_for_a_second_person(company)
    die_in(SEND, "outbox.after_send:4")
    states = set(rows("referrals.Registration", batch=half_sent).values_list("state", flat=True))
    assert states == {"registered", "pending", "ready"}


def _an_ending_that_waits_for_a_second_person(company: Company) -> None:
    """Its page asks for evidence that takes a day to be complete."""
    said = {"outcome": "not_done", "reason": "the bank has heard of nothing"}
    withdrawal, hira = company.withdrawal("unknown"), User.objects.get(username="hira")
    rows("referrals.Ending").model.objects.create(withdrawal=withdrawal, proposed_by=hira, **said)


def _what_can_wait(company: Company) -> None:
    company.import_of("checked by a worker that died", 3)
    die_in(IMPORT, BETWEEN_PARTS)
    company.import_of("uploaded", 3)
    company.decide("approve", "approved", by=company.ada)
    for name in ("平台令牌", "平台账号令牌"):  # of two pushes, the second takes the place of the first
        company.rename_field("account_token", name)
        company.push(1)
    company.reconcile(DAYS_AGO[2])
    company.replay_what_failed(DAYS_AGO[2], "the workers have more memory now")
    run(HANDLE)  # what fails is not due for the next seconds
    company.post(company.balance_event(company.account("switched off").account_id, 5))
    die_in(HANDLE, "inbox.claimed")
    company.post(company.balance_event(company.account("asked in vain").account_id, 11))
