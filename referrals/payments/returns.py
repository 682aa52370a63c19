"""What a results file says of a payment that came back after it was recorded as made (退票).

It ends nothing: it gives the proposal to reverse that payment its cause and its evidence.
"""

from referrals.models import Payment, Reversal
from referrals.payments.results import SIGNS, ResultLine

Cause = Reversal.Cause

# By what banks write; without spaces and signs, in lower case.
WORDS = {
    Cause.ACCOUNT_CLOSED: (
        *("销户", "账户已注销", "账号已注销", "账户注销", "账号注销", "账户关闭", "账号关闭", "账户已关闭"),
        *("accountclosed", "accountisclosed", "closedaccount", "accounthasbeenclosed"),
    ),
    Cause.NAME_MISMATCH: (
        *(
            "户名不符",
            "姓名不符",
            "户名不一致",
            "姓名不一致",
            "账号户名不匹配",
            "户名账号不符",
            "户名与账号不符",
        ),
        *("namemismatch", "namedoesnotmatch", "namedoesn'tmatch", "wrongname"),
    ),
}


def says_returned(line: ResultLine, payment: Payment) -> bool:
    """Whether the line says *came back* of a payment that is recorded as made, reversed since or not."""
    return line.state == Payment.State.BOUNCED and payment.state == Payment.State.PAID


def cause_of(reason: str) -> Reversal.Cause:
    """What ``reason`` names; *another reason* if that is none of ours, or more than one."""
    plain = SIGNS.sub("", reason).casefold()
    named = [cause for cause, words in WORDS.items() if any(word in plain for word in words)]
    return named[0] if len(named) == 1 else Cause.OTHER


def evidence_of(line: ResultLine, file_name: str) -> str:
    """Why, the bank's reference, and where the file says so: ``户名不符 · R99 · 退票.xlsx:3``."""
    where = f"{file_name}:{line.number}" if file_name else ""
    return " · ".join(part for part in (line.reason, line.reference, where) if part)
