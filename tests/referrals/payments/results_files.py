"""Files of results as the paying side sends them, and what became of their payments."""

import io

from django.contrib.auth.models import User

from hireops.desk.errors import Refused
from hireops.encryption import encrypt_bytes
from hireops.spreadsheets.writing import write_xlsx
from referrals.models import Payment, PayoutBatch, ResultsFile, Withdrawal
from referrals.payments.recording import CheckedResults, check_results, record_results
from referrals.payments.results import ResultLine, read_results


def state(withdrawal: Withdrawal) -> str:
    return Withdrawal.objects.get(pk=withdrawal.pk).state


def payment_of(withdrawal: Withdrawal, asset: str = "CNY") -> Payment:
    """The newest one."""
    return Payment.objects.filter(amount__withdrawal=withdrawal, asset=asset).latest("pk")


def record_file(batch: PayoutBatch, file: io.BytesIO, file_name: str, *, by: User) -> CheckedResults:
    """As the page does: the file is checked, then its good lines are recorded; what was found."""
    checked = check_results(batch, read_results(file, file_name).lines)
    record_results(batch, checked.good, by=by, file=kept(batch, by=by, name=file_name))
    return checked


def kept(batch: PayoutBatch, *, by: User, name: str = "r.csv", content: bytes = b"x") -> ResultsFile:
    """A results file of the batch."""
    return ResultsFile.objects.create(batch=batch, name=name, content=encrypt_bytes(content), uploaded_by=by)


def record_bounced(payment: Payment, *, by: User, reason: str) -> None:
    """A results file says that the payment came back."""
    line = ResultLine(2, payment.payment_id, Payment.State.BOUNCED, "", reason, "退回")
    results = record_results(payment.batch, [line], by=by, file=kept(payment.batch, by=by))
    if not results.good:
        raise Refused(str(results))


def csv_file(*lines: str) -> io.BytesIO:
    file = io.BytesIO("\r\n".join(lines).encode("utf-8-sig"))
    file.name = "results.csv"
    return file


def xlsx_file(*rows) -> io.BytesIO:
    with write_xlsx({"Sheet": rows}) as written:
        file = io.BytesIO(written.read())
    file.name = "results.xlsx"
    return file
