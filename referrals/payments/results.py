"""The file in which the paying side tells what became of each payment, read into lines."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _

from hireops.desk.errors import Refused
from hireops.spreadsheets import tables
from hireops.spreadsheets.errors import UnreadableFileError, reason_unreadable
from hireops.spreadsheets.header import ColumnNames, Wanted
from hireops.spreadsheets.reading import open_table
from hireops.spreadsheets.tables import Line
from referrals.models import Payment

MOST_LINES = 10_000

# Of each column, how long any value of it can be.
LONGEST = {
    "payment_id": 100,
    "result": 50,
    "reference": 255,
    "reason": 1000,
    "amount": 50,
    "asset": 50,
    "mobile_code": 50,
    "mobile": 50,
    "account_id": 100,
}
COLUMNS = ColumnNames(
    ids=frozenset({"payment_id", "reference", "account_id", "mobile"}),
    longest=LONGEST,
    payment_id="打款编号,payment_id|打款单号,付款编号,付款单号,打款ID,付款ID",
    result="打款结果,结果,result|付款结果,支付结果,打款状态,状态,status",
    reference="银行流水号,打款凭证号,reference|凭证号,打款流水号,流水号,交易流水号,付款流水号,付款凭证号,"
    "payment reference,reference of the payment",
    reason="退回原因,原因,reason|失败原因,退票原因,why it came back",
    amount="金额,sum|打款金额,付款金额,支付金额,转账金额,交易金额,amount",
    asset="币种/积分,asset|币种,货币,币别,currency",
    employee="员工,employee|员工姓名,姓名,收款人,收款人姓名,收款人名称,收款户名,收款人户名,户名,"
    "name,payee,payee name",
    mobile_code="手机国家码,mobile country code",
    mobile="手机号,mobile number|手机号码,手机,收款人手机号,mobile",
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
TOTALS = frozenset({"total", "totals", "sum", "合计", "总计", "小计", "共计"})
SIGNS = re.compile(r"[\s_\-*:：()（）]+")


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What one line says. ``state`` is None if ``word``, the result as it was written, means nothing here.

    ``said`` is what it repeats of what was handed over, as it was written, by ``REPEATED``; no empty cell.
    ``faults`` are cells that hold no value (``hireops.spreadsheets.tables``).
    """

    number: int
    payment_id: str
    state: Payment.State | None
    reference: str = ""
    reason: str = ""
    word: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)

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
        lines = [_line(each) for each in tables.lines(table, most=MOST_LINES)]
    except UnreadableFileError as error:
        raise Refused(_why_unreadable(error)) from error
    wanted = [line for line in lines if not _is_total(line)]
    return Results(wanted, [each.as_json() for each in table.remarks])


def _why_unreadable(error: UnreadableFileError) -> str:
    if error.key == "no_header":
        return _(
            "None of the first rows names the columns: payment_id, result, reference, reason "
            "(打款编号, 打款结果, 银行流水号, 退回原因). Other columns may stay."
        )
    return reason_unreadable(error.key, error.details)


def _line(line: Line) -> ResultLine:
    word = _cell(line, "result")
    return ResultLine(
        number=line.number,
        payment_id=_cell(line, "payment_id"),
        state=_state(word),
        reference=_cell(line, "reference"),
        reason=_cell(line, "reason"),
        word=word,
        said={name: cell for name in REPEATED if (cell := _cell(line, name))},
        faults=line.faults(),
    )


def _cell(line: Line, column: str) -> str:
    return " ".join(line.cell(column).split())


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
