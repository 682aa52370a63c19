"""The file in which the paying side tells what became of each payment, read into lines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _

from hireops.desk.errors import Refused
from hireops.spreadsheets.errors import UnreadableFileError, reason_unreadable
from hireops.spreadsheets.header import ColumnNames, Columns, Wanted
from hireops.spreadsheets.reading import Table, open_table
from hireops.spreadsheets.tables import body
from referrals.models import Payment

MOST_LINES = 10_000

# The first of each, or the first in English, is what our own files say.
COLUMNS = ColumnNames(
    payment_id="打款编号,打款单号,付款编号,付款单号,打款ID,付款ID,payment_id",
    result="打款结果,结果,付款结果,支付结果,打款状态,状态,result,status",
    reference="打款凭证号,凭证号,打款流水号,流水号,银行流水号,交易流水号,付款流水号,付款凭证号,"
    "reference,payment reference,reference of the payment",
    reason="退回原因,原因,失败原因,退票原因,reason,why it came back",
    amount="金额,打款金额,付款金额,支付金额,转账金额,交易金额,sum,amount",
    asset="币种/积分,币种,货币,币别,asset,currency",
    employee="员工,员工姓名,姓名,收款人,收款人姓名,收款人名称,收款户名,收款人户名,户名,"
    "employee,name,payee,payee name",
    mobile_code="手机国家码,mobile country code",
    mobile="手机号,手机号码,手机,收款人手机号,mobile number,mobile",
    email="邮箱,email",
    account_id="账户 ID,account id",
)
WANTED = Wanted(COLUMNS, lambda columns: "payment_id" in columns and "result" in columns)
# What was handed over, repeated: compared where the file has it (``comparison.py``), and never needed, since
# a bank's own list need not have it. Account numbers of a bank are not among it: hireops hands over none.
AMOUNT, CURRENCY = frozenset({"amount"}), frozenset({"asset"})
PERSON = frozenset({"employee", "mobile", "email", "account_id"})
REPEATED = AMOUNT | CURRENCY | PERSON | {"mobile_code"}
PAID = frozenset(
    {"paid", "success", "succeeded", "successful", "done", "ok"}
    | {"已打款", "打款成功", "成功", "已支付", "支付成功", "已付款", "付款成功", "已付", "已发放", "已到账"}
    | {"交易成功", "转账成功", "汇款成功", "代发成功", "处理成功"}
)
BOUNCED = frozenset(
    {"bounced", "failed", "fail", "failure", "returned", "refused", "rejected", "cameback"}
    | {"退回", "已退回", "被退回", "退票", "已退票", "银行退票", "退汇", "已退汇", "银行退汇", "退款"}
    | {"失败", "打款失败", "支付失败", "付款失败", "交易失败", "转账失败", "汇款失败", "代发失败", "处理失败"}
)
WAITING = frozenset(
    {"processing", "inprocess", "inprogress", "pending"}
    | {"处理中", "银行处理中", "交易处理中", "打款中", "支付中", "付款中", "转账中", "待处理", "待打款"}
)
# What banks write into an empty column of reasons.
NO_REASON = PAID | {"", "无", "none", "null", "n/a"}
# Of each column, how long any value of it can be; what is longer is refused unread.
LONGEST = {
    "payment_id": 100,
    "result": 50,
    "reference": 255,
    "reason": 1000,
    "amount": 50,
    "asset": 50,
    "employee": 255,
    "mobile_code": 50,
    "mobile": 50,
    "email": 255,
    "account_id": 100,
}
TOTALS = frozenset({"total", "totals", "sum", "合计", "总计", "小计", "共计"})
SIGNS = re.compile(r"[\s_\-*:：()（）]+")


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What one line says. ``state`` is None if ``word``, the result as it was written, means nothing here.

    ``said`` is what it repeats of what was handed over, as it was written, by ``REPEATED``; no empty cell.
    """

    number: int
    payment_id: str
    state: Payment.State | None
    reference: str = ""
    reason: str = ""
    word: str = ""
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def says_nothing(self) -> bool:
        """No result yet: the line is as we have handed it over, or the bank is still at it."""
        if self.state is not None:
            return False
        return _plain(self.word) in WAITING or not (self.word or self.reference or self.reason)

    @property
    def contradicts_itself(self) -> bool:
        """A payment that was made has no reason why it came back, and one that came back was not made."""
        reason = _plain(self.reason)
        if self.state == Payment.State.PAID:
            return reason not in NO_REASON
        return self.state == Payment.State.BOUNCED and reason in PAID

    @property
    def too_long(self) -> int:
        """How many characters a cell may have that has more; 0 if none has."""
        cells = {
            "payment_id": self.payment_id,
            "result": self.word,
            "reference": self.reference,
            "reason": self.reason,
            **self.said,
        }
        return next((LONGEST[name] for name, cell in cells.items() if len(cell) > LONGEST[name]), 0)


@dataclass(frozen=True, slots=True)
class Results:
    """``remarks`` is what was noticed in the file and is no problem (``hireops.spreadsheets.remarks``)."""

    lines: Sequence[ResultLine]
    remarks: Sequence[Mapping[str, Any]] = ()


def read_results(file: IO[bytes], file_name: str, *, sheet: str = "") -> Results:
    """The lines with a payment, in their order; empty rows, totals and notes are left out.

    ``sheet`` says which one, where several could be meant. Raises ``Refused`` if it is no table, has no
    header, or has more than ``MOST_LINES`` lines.
    """
    try:
        table = open_table(file, file_name, WANTED, sheet=sheet)
        lines = _bounded(_lines(table))
    except UnreadableFileError as error:
        raise Refused(reason_unreadable(error.key, error.details)) from error
    return Results(lines, [each.as_json() for each in table.remarks])


def _bounded(lines: Iterator[ResultLine]) -> list[ResultLine]:
    read: list[ResultLine] = []
    for line in lines:
        if len(read) == MOST_LINES:
            text = _("The file has more than %(most)s lines. Split it into smaller ones.")
            raise Refused(text % {"most": MOST_LINES})
        read.append(line)
    return read


def _lines(table: Table) -> Iterator[ResultLine]:
    columns = table.header.columns if table.header else None
    is_empty = True
    for number, row in body(table):
        is_empty = False
        if columns is None:
            raise Refused(
                _(
                    "None of the first rows names the columns: payment_id, result, reference, reason "
                    "(打款编号, 打款结果, 打款凭证号, 退回原因). Other columns may stay."
                )
            )
        if not _is_total(line := _line(number, [_clean(cell) for cell in row], columns)):
            yield line
    if is_empty and columns is None:
        raise Refused(_("The file is empty."))


def _line(number: int, cells: Sequence[str], columns: Columns) -> ResultLine:
    word = columns.value(cells, "result")
    return ResultLine(
        number=number,
        payment_id=columns.value(cells, "payment_id"),
        state=_state(word),
        reference=columns.value(cells, "reference"),
        reason=columns.value(cells, "reason"),
        word=word,
        said={name: cell for name in REPEATED if (cell := columns.value(cells, name))},
    )


def _state(word: str) -> Payment.State | None:
    plain = _plain(word)
    if plain in PAID:
        return Payment.State.PAID
    return Payment.State.BOUNCED if plain in BOUNCED else None


def _is_total(line: ResultLine) -> bool:
    """Also a title, a signature or a note below the table: it has neither a payment ID nor a result."""
    return _plain(line.payment_id) in TOTALS or (not line.payment_id and line.says_nothing)


def _plain(text: str) -> str:
    return SIGNS.sub("", text).casefold()


def _clean(text: str) -> str:
    """Without what can't be seen or stored; whatever space there is becomes one."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
