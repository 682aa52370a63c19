"""Reward accounts, what they were paid, and whatever became of that."""

from datetime import timedelta

from tests.benchmarks.company.rows import EACH, Company, ago, among, cycled, only_if, spread


def fill(company: Company) -> None:
    for each in (_accounts, _payouts, _steps, _cases, _registrations):
        each(company)


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
