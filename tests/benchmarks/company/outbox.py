"""Calls of Feishu and the attempts at them."""

from tests.benchmarks.company.rows import Company, ago, among, cycled, only_if, spread


def fill(company: Company) -> None:
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
