"""What became of the events that a sender sent: each arrived once, and had its one effect."""

import contextlib
import time
from collections.abc import Mapping
from decimal import Decimal

import psycopg

from tests.deliveries import ECO_ACCOUNT_CREATED
from tests.drills.sender import CENT, Figure, Sender
from tests.processes import Hireops, wait_until

Balances = dict[str, dict[str, Decimal]]


def check_all_arrived(hireops: Hireops, sender: Sender) -> None:
    """Whatever was answered 200 is a row, once; and no row is of anything that was not sent."""
    rows = [event_id for (event_id,) in hireops.database.rows("SELECT event_id FROM inbox_event")]
    kept = set(rows)
    missing = sender.acknowledged - kept
    assert not missing, f"{len(missing)} events were answered 200 and are not there: {sorted(missing)[:5]}"
    assert len(rows) == len(kept), f"{len(rows) - len(kept)} events are there twice"
    assert kept <= sender.sent


def wait_until_handled(hireops: Hireops, sender: Sender, *, seconds: float) -> None:
    """Until nothing that was acknowledged waits any more."""
    started = time.monotonic()
    wait_until(
        lambda: _ended(hireops) >= len(sender.acknowledged),
        seconds=seconds,
        what=f"of {len(sender.acknowledged)} events some were not handled",
    )
    print(f"all were handled {time.monotonic() - started:.1f} s later")  # noqa: T201 - shown if the drill fails


def _ended(hireops: Hireops) -> int:
    with contextlib.suppress(psycopg.OperationalError):  # a drill may have stopped the database
        rows = hireops.database.rows("SELECT count(*) FROM inbox_event WHERE state <> 'pending'")
        return int(rows[0][0])
    return 0


def check_all_handled(
    hireops: Hireops, sender: Sender, newest: Mapping[str, Figure] | None = None, *, replayed: bool = False
) -> None:
    """All that was sent is acknowledged and handled, with one effect each; the newest figures count.

    ``replayed``: a person had some of them handled again.
    """
    unanswered = sender.sent - sender.acknowledged
    assert not unanswered, f"{len(unanswered)} events were never answered 200"
    check_all_arrived(hireops, sender)
    rows = hireops.database.rows("SELECT state, count(*) FROM inbox_event GROUP BY state")
    assert dict(rows) == {"handled": len(sender.sent)}
    if not replayed:
        _check_each_was_handled_once(hireops)
    _check_effects(hireops, newest or {})
    hireops.manage("check_invariants")
    hireops.manage("prove_balances")


def _check_each_was_handled_once(hireops: Hireops) -> None:
    rows = hireops.database.rows(
        "SELECT e.event_id, count(a.id) FROM inbox_event e "
        "LEFT JOIN inbox_attempt a ON a.event_id = e.id AND a.outcome = 'handled' "
        "GROUP BY e.event_id HAVING count(a.id) <> 1"
    )
    assert not rows, f"not handled exactly once: {rows[:5]}"


def _check_effects(hireops: Hireops, newest: Mapping[str, Figure]) -> None:
    bound = hireops.database.rows("SELECT count(*) FROM bindings_ecoaccount")
    asked = hireops.database.rows(
        f"SELECT count(*) FROM inbox_event WHERE event_type = '{ECO_ACCOUNT_CREATED}'"
    )
    assert bound == asked, "each binding event binds an account of its own"
    twice = hireops.database.rows(
        "SELECT event_id, asset FROM referrals_balancechange WHERE event_id IS NOT NULL "
        "GROUP BY event_id, asset HAVING count(*) > 1"
    )
    assert not twice, f"events that moved a balance twice: {twice[:5]}"
    if newest:
        told = {account_id: figure.amounts for account_id, figure in newest.items()}
        found = balances(hireops)
        wrong = {
            account_id: (told.get(account_id), found.get(account_id))
            for account_id in {*told, *found}
            if told.get(account_id, {}) != found.get(account_id, {})
        }
        assert not wrong, f"told and found differ: {wrong}"


def balances(hireops: Hireops) -> Balances:
    """Amount by asset by account ID, none that is zero."""
    rows = hireops.database.rows(
        "SELECT a.account_id, b.asset, b.amount FROM referrals_balance b "
        "JOIN referrals_referralaccount a ON a.id = b.account_id WHERE b.amount <> 0"
    )
    found: Balances = {}
    for account_id, asset, amount in rows:
        found.setdefault(account_id, {})[asset] = Decimal(str(amount)).quantize(CENT)
    return found
