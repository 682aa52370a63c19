"""Files of results as the paying side sends them, and what became of their payments."""

import io

from django.contrib.auth.models import User

from hireops.spreadsheets.writing import write_xlsx
from referrals.models import Payment, PayoutBatch, Withdrawal
from referrals.payments.recording import CheckedResults, check_results, record_results
from referrals.payments.results import read_results


def state(withdrawal: Withdrawal) -> str:
    return Withdrawal.objects.get(pk=withdrawal.pk).state


def payment_of(withdrawal: Withdrawal, asset: str = "CNY") -> Payment:
    """The newest one."""
    return Payment.objects.filter(amount__withdrawal=withdrawal, asset=asset).latest("pk")


def record_file(batch: PayoutBatch, file: io.BytesIO, file_name: str, *, by: User) -> CheckedResults:
    """As the page does: the file is checked, then its good lines are recorded; what was found."""
    checked = check_results(batch, read_results(file, file_name).lines)
    record_results(batch, checked.good, by=by)
    return checked


def csv_file(*lines: str) -> io.BytesIO:
    file = io.BytesIO("\r\n".join(lines).encode("utf-8-sig"))
    file.name = "results.csv"
    return file


def xlsx_file(*rows) -> io.BytesIO:
    with write_xlsx({"Sheet": rows}) as written:
        file = io.BytesIO(written.read())
    file.name = "results.xlsx"
    return file
