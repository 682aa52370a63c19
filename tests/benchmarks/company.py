"""A company's rows for ``tests.benchmarks.pages``: every table of both businesses, in proportion, by SQL.

``rows`` referral accounts and as many orders, half of them checks and half exams; ten times as many events,
and what comes of both: balances and their steps, withdrawals, payments, calls, messages, audit. Of each state
there are the ``EACH`` newest rows, whatever the number of all: a team has so much work at a time. So a page
of a list shows as many rows in a small company as in a large one. PostgreSQL only.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from tests.benchmarks import list_of_events
from tests.benchmarks.filling import multiply

APP = "cli_demo00000000001"
EACH = 50  # as many as a page of a list shows
DAYS = 400
PEOPLE = 30
MOST_CUSTOMERS = 10_000
SMALLEST = 1_000
EVENTS_OF_AN_ACCOUNT = 10


def fill(rows: int) -> None:
    """Into an empty database whose guards are lifted. ``rows`` is at least ``SMALLEST``."""
    assert rows >= SMALLEST, f"at least {SMALLEST}, for each state to fill a page"
    with _without_indexes("inbox_event"), _without_indexes("inbox_attempt"):
        list_of_events.fill(EVENTS_OF_AN_ACCOUNT * rows)
    company = _begun(rows)
    for each in (_calls, _accounts, _payouts, _steps, _cases, _registrations, _customers, _catalogue):
        each(company)
    for each in (_checks, _exams, _messages, _reports, _plumbing, _audit):
        each(company)


@dataclass
class Company:
    """``base`` has, by table, the key before that of the first of its copies: copy ``n`` is ``base + n``."""

    rows: int
    people: list[Any]
    tenants: int
    base: dict[str, int]
    now: Any

    def copy(self, name: str, example: Any, times: int, /, **differ: str) -> None:
        """``times`` rows like ``example``, which is one more itself. Columns that name ``n`` differ."""
        with _without_indexes(example._meta.db_table):
            multiply(example, times, **differ)
        self.base[name] = example.pk

    def person(self, among: int = PEOPLE) -> str:
        """SQL: who did it, one of the first ``among`` people."""
        return f"({self.people[0].pk} + n % {among})"

    def event(self, shift: int = 0) -> str:
        return f"({self.base['event']} + {shift} + n)"

    def tenant(self) -> str:
        return f"({self.tenants} + n % {list_of_events.TENANTS})"

    def customer(self) -> str:
        return f"({self.base['customer']} + 1 + n % {self.customers})"

    @property
    def customers(self) -> int:
        return min(self.rows // 2, MOST_CUSTOMERS)

    @property
    def partner_accounts(self) -> int:
        return 2 * self.customers

    @property
    def orders(self) -> int:
        """Of each kind."""
        return self.rows // 2


# --- SQL


def ago(rows: int, days: float = DAYS) -> str:
    """Moments in the order of ``n``, the newest now."""
    return f"(now() - make_interval(secs => {days * 86400.0 / rows} * ({rows} - n)))"


def spread(rows: int, usual: str, values: Sequence[str], each: int = EACH) -> str:
    """The newest rows have each of the values ``each`` times, all others the usual one."""
    return f"(CASE WHEN n > {rows - each * len(values)} THEN {cycled(values)} ELSE '{usual}' END)"


def cycled(values: Sequence[str]) -> str:
    whens = " ".join(f"WHEN {number} THEN '{value}'" for number, value in enumerate(values))
    return f"(CASE n % {len(values)} {whens} END)"


def among(state: str, values: Sequence[str]) -> str:
    return f"{state} IN ({', '.join(repr(str(value)) for value in values)})"


def only_if(condition: str, value: str) -> str:
    return f"(CASE WHEN {condition} THEN {value} END)"


@contextmanager
def _without_indexes(table: str) -> Iterator[None]:
    """They are made anew at once, which is quicker than row by row."""
    ours = "SELECT conindid::regclass::text FROM pg_constraint WHERE conrelid = %s::regclass"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND NOT indexdef LIKE %s"
            f" AND NOT quote_ident(indexname) IN ({ours} AND conindid <> 0)",
            [table, "CREATE UNIQUE%", table],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, definition in indexes:
            cursor.execute(definition)


# --- The rooms


def _begun(rows: int) -> Company:
    from django.contrib.auth.models import User  # noqa: PLC0415 - only in the process that has settings

    from hireops.database import clock  # noqa: PLC0415
    from hireops.feishu.models import Tenant  # noqa: PLC0415
    from hireops.inbox.models import Event  # noqa: PLC0415

    people = [
        User.objects.create_user(f"person-{number}", first_name=f"员工 {number}", is_staff=True)
        for number in range(PEOPLE)
    ]
    first = Event.objects.order_by("pk").first()
    tenant = Tenant.objects.order_by("pk").first()
    assert first is not None
    assert tenant is not None
    return Company(rows, people, tenant.pk, {"event": first.pk - 1}, clock.now())


def _calls(company: Company) -> None:
    """One for each withdrawal, and one for each registration."""
    from hireops.outbox.models import Attempt, Call, Channel  # noqa: PLC0415

    calls = 2 * company.rows
    channel = Channel.objects.create(
        operation="referral_account.withdraw",
        tenant_id=company.tenants,
        open_from=company.now,
        served_at=company.now,
    )
    call = Call.objects.create(
        operation=channel.operation,
        target="account-0",
        tenant_id=company.tenants,
        channel=channel,
        lane="0/account-0",
        payload={"referral_account_id": "account-0"},
        state=Call.State.SUCCEEDED,
        not_before=company.now,
        pending_since=company.now,
        answer={"trans_id": "1"},
        created_at=company.now,
        finished_at=company.now,
    )
    state = spread(calls, Call.State.SUCCEEDED, Call.State.values)
    operations = ("referral_account.withdraw", "referral_account.create", "eco_exam.update_result")
    company.copy(
        "call",
        call,
        calls,
        operation=cycled([*operations, "eco_background_check.update_progress"]),
        target="'account-' || n",
        lane="'0/account-' || n",
        tenant_id=company.tenant(),
        state=state,
        log_id="'log-' || n",
        pending_since=ago(calls, 100),
        not_before=ago(calls, 100),
        created_at=ago(calls, 100),
        finished_at=only_if(f"NOT {among(state, ['pending', 'waiting'])}", ago(calls, 100)),
    )
    attempt = Attempt.objects.create(
        call=call,
        started_at=company.now,
        finished_at=company.now,
        outcome=Attempt.Outcome.SUCCESS,
        log_id="log-0",
    )
    company.copy(
        "attempt",
        attempt,
        calls,
        call_id=f"{company.base['call']} + n",
        log_id="'log-' || n",
        started_at=ago(calls, 100),
        finished_at=ago(calls, 100),
    )


def _accounts(company: Company) -> None:
    from referrals.models import Balance, ReferralAccount  # noqa: PLC0415

    rows = company.rows
    account = ReferralAccount.objects.create(
        tenant_id=company.tenants,
        account_id="ref-0",
        source=ReferralAccount.Source.EVENT,
        name="员工 0",
        modify_time=company.now,
        figure_at=company.now,
        figure_event_id=company.base["event"] + 1,
        seen_at=company.now,
        queried_at=company.now,
    )
    company.copy(
        "account",
        account,
        rows,
        tenant_id=company.tenant(),
        account_id="'ref-' || n",
        status=f"CASE WHEN n > {rows - EACH} THEN 2 ELSE 1 END",
        source=cycled(["registered", "event"]),
        name="'员工 ' || n",
        mobile="'+86138' || (10000000 + n)",
        email="'person-' || n || '@example.com'",
        figure_event_id=company.event(),
        seen_at=f"CASE WHEN n <= {EACH} THEN now() - interval '30 days' ELSE now() END",
        created_at=ago(rows),
    )
    of_one = {"account_id": f"{company.base['account']} + n"}
    for asset, amount in (("points", "n % 1000"), ("CNY", "CASE WHEN n % 5 = 0 THEN 0 ELSE n % 500 END")):
        balance = Balance.objects.create(account=account, asset=asset, amount=0)
        company.copy(asset, balance, rows, **of_one, amount=amount)


def _payouts(company: Company) -> None:
    from referrals.models import Withdrawal, WithdrawalAmount  # noqa: PLC0415

    rows, states = company.rows, Withdrawal.State
    withdrawal = Withdrawal.objects.create(
        account_id=company.base["account"],
        external_order_id="order-0",
        takes_points=True,
        takes_cash=True,
        requested_by=company.people[0],
    )
    state = spread(rows, states.PAID, list(states))
    got = among(state, [*Withdrawal.TAKEN_OUT, states.EMPTY])
    asked = f"{state} = 'requested'"
    company.copy(
        "withdrawal",
        withdrawal,
        rows,
        account_id=f"{company.base['account']} + n",
        external_order_id="'order-' || n",
        state=state,
        requested_by_id=company.person(10),
        requested_at=ago(rows),
        decided_by_id=only_if(f"NOT {asked}", f"{company.person(10)} + 10"),
        decided_at=only_if(f"NOT {asked}", ago(rows)),
        call_id=only_if(
            f"NOT {among(state, ['requested', 'rejected', 'canceled'])}", f"{company.base['call']} + n"
        ),
        trans_time=only_if(got, ago(rows)),
        answered_at=only_if(got, ago(rows)),
    )
    for asset, amount in (("points", "100 + n % 900"), ("CNY", "10 + n % 490")):
        example = WithdrawalAmount.objects.create(withdrawal=withdrawal, asset=asset, seen=1)
        company.copy(
            f"taken {asset}",
            example,
            rows,
            withdrawal_id=f"{company.base['withdrawal']} + n",
            seen=amount,
            taken=only_if(among(state, Withdrawal.TAKEN_OUT), amount),
        )
    _payments(company, rows - EACH * len(states))
    _endings(company)


def _payments(company: Company, rows: int) -> None:
    """Of the withdrawals that are no longer open, the cash."""
    from referrals.models import Payment, PayoutBatch, Reversal  # noqa: PLC0415

    batches = max(rows // 10, 3 * EACH)
    batch = PayoutBatch.objects.create(created_by=company.people[0])
    company.copy("batch", batch, batches, created_by_id=company.person(), created_at=ago(batches))
    payment = Payment.objects.create(
        batch=batch, amount_id=company.base["taken CNY"], payment_id="order-0-1", asset="CNY", sum=1
    )
    state = spread(rows, Payment.State.PAID, [Payment.State.HANDED_OVER, Payment.State.BOUNCED])
    known = f"{state} <> 'handed_over'"
    company.copy(
        "payment",
        payment,
        rows,
        batch_id=f"{company.base['batch']} + 1 + ((n - 1)::bigint * {batches} / {rows})",
        amount_id=f"{company.base['taken CNY']} + n",
        payment_id="'order-' || n || '-1'",
        sum="10 + n % 490",
        payee_name="'员工 ' || n",
        payee_mobile="'+86138' || (10000000 + n)",
        state=state,
        reference=f"CASE WHEN {state} = 'paid' THEN 'bank-' || n ELSE '' END",
        reason=f"CASE WHEN {state} = 'bounced' THEN '账户已关闭' ELSE '' END",
        recorded_by_id=only_if(known, company.person()),
        recorded_at=only_if(known, ago(rows)),
    )
    reversals = max(rows // 20, 5 * EACH)
    reversal = Reversal.objects.create(
        payment=payment, cause=Reversal.Cause.WRONG_ROW, proposed_by=company.people[0]
    )
    decided = f"{spread(reversals, 'declined', Reversal.State.values)} <> 'proposed'"
    company.copy(
        "reversal",
        reversal,
        reversals,
        payment_id=f"{company.base['payment']} + n",
        cause=cycled(["account_closed", "name_mismatch", "wrong_row"]),
        state=spread(reversals, Reversal.State.DECLINED, Reversal.State.values),
        proposed_by_id=company.person(10),
        proposed_at=ago(reversals),
        decided_by_id=only_if(decided, f"{company.person(10)} + 10"),
        decided_at=only_if(decided, ago(reversals)),
    )


def _endings(company: Company) -> None:
    from referrals.models import Ending  # noqa: PLC0415

    rows = max(company.rows // 50, 5 * EACH)
    ending = Ending.objects.create(
        withdrawal_id=company.base["withdrawal"],
        outcome="not_done",
        proposed_by=company.people[0],
        reason="?",
    )
    state = spread(rows, Ending.State.DECLINED, Ending.State.values)
    company.copy(
        "ending",
        ending,
        rows,
        withdrawal_id=f"{company.base['withdrawal']} + n",
        outcome=cycled(Ending.Outcome.values),
        state=state,
        trans_time=only_if("n % 2 = 1", ago(rows)),
        proposed_by_id=company.person(10),
        proposed_at=ago(rows),
        decided_by_id=only_if(f"{state} <> 'proposed'", f"{company.person(10)} + 10"),
        decided_at=only_if(f"{state} <> 'proposed'", ago(rows)),
    )


def _steps(company: Company) -> None:
    """Three steps of a balance for each account, spread over the days as their events."""
    from referrals.models import BalanceChange  # noqa: PLC0415

    rows = 3 * company.rows
    change = BalanceChange.objects.create(
        account_id=company.base["account"],
        asset="CNY",
        before=0,
        after=10,
        difference=10,
        cause=BalanceChange.Cause.EVENT,
        event_id=company.base["event"] + 1,
        as_of=company.now,
    )
    cause = spread(rows, BalanceChange.Cause.EVENT, BalanceChange.Cause.values)
    is_out = among(cause, ["withdrawal", "unannounced"])
    company.copy(
        "change",
        change,
        rows,
        account_id=f"{company.base['account']} + 1 + (n - 1) % {company.rows}",
        asset=cycled(["CNY", "points", "JPY"]),
        before="100 + n % 900",
        after=f"100 + n % 900 + CASE WHEN {is_out} THEN -1 ELSE 1 END * (1 + n % 90)",
        difference=f"CASE WHEN {is_out} THEN -1 ELSE 1 END * (1 + n % 90)",
        cause=cause,
        event_id=only_if(f"{cause} = 'event'", company.event()),
        call_id=only_if(f"{cause} = 'call'", f"{company.base['call']} + n % 100 + 1"),
        withdrawal_id=only_if(is_out, f"{company.base['withdrawal']} + n % 100 + 1"),
        as_of=ago(rows),
        created_at=ago(rows),
    )


def _cases(company: Company) -> None:
    from referrals.models import Case, Reconciliation  # noqa: PLC0415

    days = max(company.rows // 1000, 5 * EACH)
    day = company.now.date()
    reconciliation = Reconciliation.objects.create(
        tenant_id=company.tenants,
        day=day,
        starts_at=company.now - timedelta(days=1),
        ends_at=company.now,
        state=Reconciliation.State.MATCHED,
        started_by=company.people[0],
        finished_at=company.now,
    )
    state = spread(days, Reconciliation.State.MATCHED, Reconciliation.State.values)
    company.copy(
        "reconciliation",
        reconciliation,
        days,
        tenant_id=company.tenant(),
        day=f"current_date - ({days} - n)::int",
        state=state,
        started_at=ago(days),
        finished_at=only_if(f"{state} <> 'running'", ago(days)),
    )
    rows = max(company.rows // 2, 10 * EACH)
    case = Case.objects.create(kind=Case.Kind.DRIFT, account_id=company.base["account"])
    closed = f"n <= {rows - 2 * EACH}"
    company.copy(
        "case",
        case,
        rows,
        kind=spread(rows, Case.Kind.DRIFT, Case.Kind.values),
        account_id=f"{company.base['account']} + n",
        asset=cycled(["CNY", "points"]),
        ours="n % 100",
        theirs="n % 100 + 1",
        reconciliation_id=f"{company.base['reconciliation']} + 1 + n % {days}",
        opened_at=ago(rows),
        closed_at=only_if(closed, ago(rows)),
        closed_by_id=only_if(closed, company.person()),
        note=f"CASE WHEN {closed} THEN '已核对' ELSE '' END",
    )


def _registrations(company: Company) -> None:
    from referrals.models import Registration, RegistrationImport  # noqa: PLC0415

    files = max(company.rows // 1000, 7 * EACH)
    state = spread(files, RegistrationImport.State.DONE, RegistrationImport.State.values)
    file = RegistrationImport.objects.create(
        file_name="referrers.csv",
        state=RegistrationImport.State.DONE,
        uploaded_by=company.people[0],
        tenant_id=company.tenants,
    )
    company.copy(
        "file",
        file,
        files,
        file_name="'referrers-' || n || '.csv'",
        state=state,
        rows="1000",
        uploaded_by_id=company.person(),
        uploaded_at=ago(files),
    )
    rows = company.rows
    registration = Registration.objects.create(
        batch=file,
        line=1,
        state=Registration.State.DISCARDED,
        tenant_id=company.tenants,
        created_by=company.people[0],
    )
    company.copy(
        "registration",
        registration,
        rows,
        batch_id=f"{company.base['file']} + 1 + ((n - 1)::bigint * {files} / {rows})",
        line="n",
        name="'员工 ' || n",
        mobile="'+86138' || (10000000 + n)",
        email="'person-' || n || '@example.com'",
        state=spread(rows, Registration.State.REGISTERED, Registration.State.values),
        account_id=f"{company.base['account']} + n",
        call_id=f"{company.base['call']} + {rows} + n",
        tenant_id=company.tenant(),
        created_by_id=company.person(),
        created_at=ago(rows),
    )


def _customers(company: Company) -> None:
    from bindings.models import (  # noqa: PLC0415
        AccountBinding,
        BindingChange,
        BindingCode,
        Customer,
        CustomerContact,
        CustomFieldValue,
        EcoAccount,
    )

    rows, accounts = company.customers, company.partner_accounts
    customer = Customer.objects.create(code="C0", name="客户 0")
    company.copy(
        "customer",
        customer,
        rows,
        code="'C' || n",
        normalised_code="'c' || n",
        name="'客户 ' || n",
        tier="'等级 ' || n % 5",
        responsible_id=only_if("n % 3 > 0", company.person(5)),
        archived=f"n > {rows - EACH}",
    )
    contact = CustomerContact.objects.create(customer=customer, name="联系人")
    company.copy(
        "contact",
        contact,
        rows,
        customer_id=company.customer(),
        mobile="'+86139' || (10000000 + n)",
        email="'contact-' || n || '@example.com'",
    )
    account = EcoAccount.objects.create(
        tenant_id=company.tenants, account_id="eco-0", scope=1, event_id=company.base["event"] + 1
    )
    unknown, aside = f"n > {accounts - 2 * EACH}", f"n > {accounts - EACH}"
    company.copy(
        "partner account",
        account,
        accounts,
        tenant_id=company.tenant(),
        account_id="'eco-' || n",
        scope="1 + n % 2",
        name="'账号 ' || n",
        customer_id=only_if(f"NOT ({unknown})", company.customer()),
        set_aside=aside,
        in_question_id=only_if(f"n <= {EACH}", f"{company.base['customer']}"),
        event_id=company.event(),
        created_at=ago(accounts),
        updated_at=ago(accounts),
    )
    of_one = {"account_id": f"{company.base['partner account']} + n"}
    binding = AccountBinding.objects.create(account=account, event_id=company.base["event"] + accounts + 1)
    company.copy("binding", binding, accounts, **of_one, event_id=company.event(accounts + 1))
    value = CustomFieldValue.objects.create(account=account, key="customer_code", value="C0", position=1)
    company.copy("value", value, accounts, **of_one, value="'C' || n")
    change = BindingChange.objects.create(
        account=account, customer=customer, how=BindingChange.How.BY_HAND, by=company.people[0]
    )
    company.copy("binding change", change, accounts, **of_one, customer_id=company.customer())
    codes = max(company.rows // 100, 5 * EACH)
    code = BindingCode.objects.create(
        customer=customer,
        digest="0",
        hint="AB…",
        issued_by=company.people[0],
        expires_at=company.now + timedelta(days=7),
    )
    company.copy(
        "code",
        code,
        codes,
        digest="'digest-' || n",
        customer_id=company.customer(),
        issued_by_id=company.person(),
        issued_at=ago(codes),
        expires_at=f"{ago(codes)} + interval '7 days'",
        used_at=only_if("n % 3 = 0", ago(codes)),
        used_by_id=only_if("n % 3 = 0", f"{company.base['partner account']} + n"),
        revoked_at=only_if("n % 3 = 1", ago(codes)),
        revoked_by_id=only_if("n % 3 = 1", company.person()),
    )


def _catalogue(company: Company) -> None:
    """Packages and papers, as many in every company, and what each account has of them."""
    from bindings.models import (  # noqa: PLC0415
        AccountOffer,
        AccountOrderForm,
        CheckPackage,
        ExamPaper,
        Offer,
        OfferedItem,
        OrderForm,
    )

    few, accounts = 2 * EACH, company.partner_accounts
    account = company.base["partner account"]
    package = CheckPackage.objects.create(code="P0", name="套餐 0")
    company.copy("package", package, few, code="'P' || n", name="'套餐 ' || n")
    paper = ExamPaper.objects.create(code="E0", name="试卷 0")
    company.copy("paper", paper, few, code="'E' || n", name="'试卷 ' || n", end_time=ago(few, 10))
    wish = Offer.objects.create(package=package, account_id=account)
    company.copy(
        "wish",
        wish,
        accounts,
        package_id=f"{company.base['package']} + 1 + n % {few}",
        account_id=f"{account} + n",
    )
    form = OrderForm.objects.create(name="表单 0")
    company.copy("form", form, few, name="'表单 ' || n")
    has = AccountOrderForm.objects.create(account_id=account, form=form)
    company.copy(
        "has form",
        has,
        accounts,
        account_id=f"{account} + n",
        form_id=f"{company.base['form']} + 1 + n % {few}",
        standing=spread(accounts, "settled", AccountOrderForm.Standing.values),
        digest=spread(accounts, "", ["", "another"]),
    )
    offer = AccountOffer.objects.create(account_id=account, state="up_to_date", target={})
    company.copy(
        "offer",
        offer,
        accounts,
        account_id=f"{account} + n",
        state=spread(accounts, "up_to_date", AccountOffer.State.values),
        confirmed_at=ago(accounts),
        asked_by_id=company.person(),
    )
    item = OfferedItem.objects.create(
        offer=offer, kind="package", feishu_id="P0", standing="confirmed", content={}
    )
    company.copy("offered", item, accounts, offer_id=f"{company.base['offer']} + n", feishu_id="'P' || n")


def _checks(company: Company) -> None:
    from bindings.models import BackgroundCheck  # noqa: PLC0415

    _orders(
        company,
        BackgroundCheck,
        "check",
        BackgroundCheck.State.COMPLETED,
        named={
            "background_check_id": "'check-' || n",
            "package_id": "'P' || n % 100",
            "package_name": "'套餐'",
        },
    )


def _exams(company: Company) -> None:
    from bindings.models import Exam  # noqa: PLC0415

    _orders(
        company,
        Exam,
        "exam",
        Exam.State.RESULT_SENT,
        named={"exam_id": "'exam-' || n", "paper_id": "'E' || n % 100", "paper_name": "'试卷'"},
    )


def _orders(company: Company, model: Any, name: str, usual: str, named: dict[str, str]) -> None:
    """Of those that have ended one in fifty was late; of those that are open every other one is."""
    rows, received = company.orders, ago(company.orders)
    example = model.objects.create(
        tenant_id=company.tenants,
        account_named="eco-0",
        account_id=company.base["partner account"],
        customer_id=company.base["customer"],
        event_id=company.base["event"] + (1 if name == "check" else 2 + rows),
        received_at=company.now,
        turn_since=company.now,
        state=usual,
        ended_at=company.now,
        turn="nobody",
    )
    state = spread(rows, usual, model.State.values)
    ended = among(state, model.ENDED)
    account = f"n % {company.partner_accounts - 2 * EACH}"
    promised = f"({received} + interval '5 days')::date"
    company.copy(
        name,
        example,
        rows,
        **named,
        tenant_id=company.tenant(),
        account_named=f"'eco-' || ({account} + 1)",
        account_id=f"{company.base['partner account']} + 1 + {account}",
        customer_id=company.customer(),
        event_id=company.event(1 if name == "check" else 2 + rows),
        candidate_name="'候选人 ' || n",
        candidate_mobile="'+86137' || (10000000 + n)",
        candidate_email="'candidate-' || n || '@example.com'",
        received_at=received,
        state=state,
        turn=f"CASE WHEN {ended} THEN 'nobody' ELSE"
        " (CASE n % 3 WHEN 0 THEN 'vendor' WHEN 1 THEN 'candidate' ELSE 'customer' END) END",
        turn_since=received,
        ended_at=only_if(
            ended, f"{received} + CASE WHEN n % 50 = 0 THEN interval '9 days' ELSE interval '2 days' END"
        ),
        ended_late=only_if(ended, "n % 50 = 0"),
        first_promised_on=promised,
        promised_on=f"CASE WHEN {ended} THEN {promised} ELSE current_date + (n % 2 * 20 - 10)::int END",
        promised_days="5",
        to_look_at=f"CASE WHEN n > {rows - EACH} THEN 'refused' ELSE '' END",
        responsible_id=only_if("n % 3 > 0", company.person(5)),
    )


def _messages(company: Company) -> None:
    from bindings.models import CheckUpdate, ExamUpdate, PromiseChange  # noqa: PLC0415

    rows, check, exam = company.orders, company.base["check"], company.base["exam"]
    told = CheckUpdate.objects.create(
        background_check_id=check, number=1, kind="stage", stage_id="1", stage_name="开始", state="delivered"
    )
    company.copy("check told", told, rows, background_check_id=f"{check} + n", delivered_at=ago(rows))
    score = ExamUpdate.objects.create(
        exam_id=exam, number=1, kind="score", score="90", state="delivered", delivered_at=company.now
    )
    company.copy("exam told", score, rows, exam_id=f"{exam} + n")
    promise = PromiseChange.objects.create(
        background_check_id=check, cause="received", after=company.now.date()
    )
    company.copy("promise", promise, rows, background_check_id=f"{check} + n", at=ago(rows))


def _reports(company: Company) -> None:
    from bindings.models import ReportFile, ReportLink  # noqa: PLC0415

    rows = company.orders
    file = ReportFile.objects.create(
        name="report.pdf", sha256="0", size=1, pages=1, uploaded_by=company.people[0], looked_at=company.now
    )
    company.copy(
        "report",
        file,
        rows,
        name="'report-' || n || '.pdf'",
        sha256="md5(n::text)",
        uploaded_by_id=company.person(),
        uploaded_at=ago(rows),
        intact=f"n <= {rows - EACH}",
    )
    link = ReportLink.objects.create(file=file, token="0", token_digest="0", expires_at=company.now)
    company.copy(
        "link",
        link,
        rows,
        file_id=f"{company.base['report']} + n",
        token_digest="md5(n::text)",
        created_at=ago(rows),
        expires_at=f"{ago(rows)} + interval '30 days'",
    )


def _plumbing(company: Company) -> None:
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    from bindings.models import CustomerImport, OrderFile  # noqa: PLC0415
    from hireops.desk.models import InvariantCheck  # noqa: PLC0415
    from hireops.imports.models import ImportState  # noqa: PLC0415
    from hireops.inbox.models import Replay  # noqa: PLC0415
    from hireops.jobs.models import Job  # noqa: PLC0415
    from referrals.models import RegistrationImport  # noqa: PLC0415

    files = 7 * EACH
    state = spread(files, ImportState.DONE, ImportState.values)
    for model in (CustomerImport, OrderFile):
        file: Any = model.objects.create(
            file_name="file.csv", state=ImportState.DONE, uploaded_by=company.people[0]
        )
        differ = {"file_name": "'file-' || n", "uploaded_by_id": company.person(), "uploaded_at": ago(files)}
        company.copy(model.__name__, file, files, state=state, **differ)
    rows = max(company.rows // 10, 5 * EACH)
    job = Job.objects.create(
        kind="referrals.import_send",
        subject_type=ContentType.objects.get_for_model(RegistrationImport),
        subject_id=0,
        asked_by=company.people[0],
        asked_at=company.now,
        state=Job.State.DONE,
        finished_at=company.now,
    )
    running = f"{spread(rows, 'done', Job.State.values)} = 'running'"
    company.copy(
        "job",
        job,
        rows,
        subject_id="n",
        kind=cycled(["referrals.import_send", "referrals.reconciliation", "inbox.replay"]),
        asked_by_id=company.person(),
        asked_at=ago(rows),
        state=spread(rows, Job.State.DONE, Job.State.values),
        not_before=only_if(running, "now() + interval '1 hour'"),
        finished_at=only_if(f"NOT {running}", ago(rows)),
        taken_at=ago(rows),
    )
    replay = Replay.objects.create(
        since=company.now,
        reason="?",
        asked_by=company.people[0],
        asked_at=company.now,
        finished_at=company.now,
    )
    company.copy("replay", replay, 2 * EACH, asked_by_id=company.person())
    InvariantCheck.objects.create(started_at=company.now, finished_at=company.now)


def _audit(company: Company) -> None:
    """Half of it is one person's doing."""
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    from hireops.desk.models import AuditEntry  # noqa: PLC0415
    from referrals.models import ReferralAccount, Withdrawal  # noqa: PLC0415

    rows = 3 * company.rows
    types = [ContentType.objects.get_for_model(model).pk for model in (Withdrawal, ReferralAccount)]
    entry = AuditEntry.objects.create(
        action="approved", target_type_id=types[0], target_id="0", target_label="#0"
    )
    number = f"CASE WHEN n % 2 = 0 THEN 0 ELSE n % {PEOPLE} END"
    company.copy(
        "audit",
        entry,
        rows,
        at=ago(rows),
        actor_id=f"{company.people[0].pk} + {number}",
        actor_name=f"'person-' || ({number})",
        action=cycled(["approved", "requested", "rejected", "changed", "added", "handed over"]),
        target_type_id=f"CASE n % 2 WHEN 0 THEN {types[0]} ELSE {types[1]} END",
        target_id=f"'' || (n % {company.rows} + 1)",
        target_label="'#' || n",
    )
