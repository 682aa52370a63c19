"""What queries can prove about withdrawals when the guards of the database are gone."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from tests.referrals.withdrawals import approved, take_guards_from

pytestmark = pytest.mark.django_db


def broken() -> list[str]:
    """Return the lines of ``manage.py check_invariants`` about withdrawals."""
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_invariants", stdout=out)
    return [line.split(": ", 2)[2] for line in out.getvalue().splitlines() if "referrals.payouts" in line]


def test_an_order_id_that_was_changed_is_named(account, hira, ada):
    withdrawal = approved(account("1", points=100), by=hira, approver=ada, points=True)
    take_guards_from("referrals_withdrawal")
    withdrawal.external_order_id = "another"
    withdrawal.save()
    assert broken() == [
        f"withdrawal {withdrawal.pk} has another order ID than call {withdrawal.call_id} has sent"
    ]


def test_a_withdrawal_that_is_gone_is_named_by_its_call(account, hira, ada):
    withdrawal = approved(account("1", points=100), by=hira, approver=ada, points=True)
    for table in ("referrals_withdrawal", "referrals_withdrawalamount"):
        take_guards_from(table)
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM referrals_withdrawalamount WHERE withdrawal_id = %s", [withdrawal.pk])
        cursor.execute("DELETE FROM referrals_withdrawal WHERE id = %s", [withdrawal.pk])
    assert broken() == [f"call {withdrawal.call_id} takes a withdrawal that is gone"]
