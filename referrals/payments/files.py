"""The file in which a batch is handed to the paying side. It is written from the payments, always alike.

The last columns are empty: the paying side fills them in and sends the file back (``results.py``).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import IO

from django.utils import timezone
from django.utils.translation import gettext as _

from hireops import contacts
from hireops.contacts import mask
from hireops.feishu.tenant_lists import are_several
from hireops.spreadsheets.writing import Cell, Sheet, write_csv, write_xlsx
from referrals.ledger.assets import as_counted, asset_label, in_order
from referrals.models import Payment, PayoutBatch
from referrals.payments.capitals import in_capitals

TO_BE_FILLED_IN = ["", "", ""]
RENMINBI = "CNY"


def file_name(batch: PayoutBatch, kind: str) -> str:
    """In the reader's language, with the day on which the batch was handed over: it is the same each time."""
    day = timezone.localtime(batch.created_at).date().isoformat()
    name = _("referral-payouts_batch-%(batch)s_%(day)s") % {"batch": batch.pk, "day": day}
    return f"{name}.{kind}"


def batch_as_csv(batch: PayoutBatch, *, reveal: bool) -> Iterator[bytes]:
    """One row for each payment, then the totals. Personal data is masked unless ``reveal``."""
    payments, several = _payments(batch), are_several()
    table = (_row(each, reveal=reveal, with_tenant=several) for each in payments)
    rows = chain([_header()], table, [[]], _totals_below(payments))
    return write_csv([[_text(cell) for cell in row] for row in rows])


def batch_as_xlsx(batch: PayoutBatch, *, reveal: bool) -> IO[bytes]:
    """A sheet with a row for each payment, which comes back filled in, one with the totals, and one to be
    printed and signed; to be closed by the caller.

    The first has to stay the first: it is the one that is read when the file comes back.
    """
    payments, several = _payments(batch), are_several()
    rows = [_header(), *(_row(each, reveal=reveal, with_tenant=several) for each in payments)]
    header: list[Cell] = [_("Asset"), _("Payments"), _("Sum")]
    totals: list[list[Cell]] = [[asset_label(asset), count, sum_] for asset, count, sum_ in _totals(payments)]
    return write_xlsx(
        {
            _("Payments"): Sheet(rows),
            _("Totals"): Sheet([header, *totals]),
            _("To print"): _sheet_to_print(batch, payments, reveal=reveal),
        }
    )


def _sheet_to_print(batch: PayoutBatch, payments: Sequence[Payment], *, reveal: bool) -> Sheet:
    above: list[list[Cell]] = [[_("Referral payouts, batch %(batch)s") % {"batch": batch}], _origin(batch)]
    header: list[Cell] = [
        _("No."),
        _("Employee"),
        _("Mobile number"),
        _("Account ID"),
        _("Payment ID"),
        _("Asset"),
        _("Sum"),
    ]
    rows = [_printed_row(number, each, reveal=reveal) for number, each in enumerate(payments, start=1)]
    totals = [_printed_total(*each) for each in _totals(payments)]
    first = len(above) + 1
    end = first + 1 + len(rows) + len(totals)
    return Sheet(
        [*above, header, *rows, *totals, *_in_capitals(payments), [], *_signatures()],
        table=range(first, end),
        for_paper=True,
        bold={1, *range(end - len(totals), end)},
    )


def _origin(batch: PayoutBatch) -> list[Cell]:
    text = _("Handed over by %(person)s, %(time)s. %(note)s") % {
        "person": str(batch.created_by),
        "time": f"{timezone.localtime(batch.created_at):%Y-%m-%d %H:%M}",
        "note": " ".join(batch.note.split()),
    }
    return [text.strip()]


def _printed_row(number: int, payment: Payment, *, reveal: bool) -> list[Cell]:
    personal = [payment.payee_name, payment.payee_mobile]
    return [
        number,
        *(personal if reveal else [mask(each) for each in personal]),
        payment.amount.withdrawal.account.account_id,
        payment.payment_id,
        asset_label(payment.asset),
        as_counted(payment.asset, payment.sum),
    ]


def _printed_total(asset: str, count: int, total: Decimal) -> list[Cell]:
    payments = _("Payments: %(count)s") % {"count": count}
    return [_("Total"), payments, "", "", "", asset_label(asset), total]


def _in_capitals(payments: Sequence[Payment]) -> list[list[Cell]]:
    """As a paper that is signed in China has it; only renminbi is written so."""
    rows: list[list[Cell]] = [[]]
    for asset, _count, total in _totals(payments):
        if asset == RENMINBI:
            rows.append([_("In capitals: %(amount)s") % {"amount": in_capitals(total)}])
    return rows


def _signatures() -> list[list[Cell]]:
    lines: list[Cell] = [
        _("Prepared by: ____________________    Date: ____________"),
        _("Checked by: ____________________    Date: ____________"),
        _("Approved by: ____________________    Date: ____________"),
    ]
    rows: list[list[Cell]] = []
    for line in lines:
        rows += [[line], []]
    return rows


def _payments(batch: PayoutBatch) -> list[Payment]:
    withdrawal = "amount__withdrawal"
    people = (f"{withdrawal}__account__tenant", f"{withdrawal}__requested_by", f"{withdrawal}__decided_by")
    return list(batch.payments.select_related(*people).order_by("pk"))


def _header() -> list[Cell]:
    return [
        _("Payment ID"),
        _("Order ID"),
        _("Employee"),
        _("Mobile country code"),
        _("Mobile number"),
        _("Email"),
        _("Account ID"),
        _("Asset"),
        _("Sum"),
        _("Requested by"),
        _("Approved by"),
        _("Transaction time"),
        *([_("Customer")] if are_several() else []),
        _("Result"),
        _("Reference"),
        _("Reason"),
    ]


def _row(payment: Payment, *, reveal: bool, with_tenant: bool) -> list[Cell]:
    withdrawal = payment.amount.withdrawal
    code, number = _mobile(payment)
    personal = [payment.payee_name, number, payment.payee_email]
    name, number, email = personal if reveal else [mask(each) for each in personal]
    decided_by, trans_time = withdrawal.decided_by, withdrawal.trans_time
    return [
        payment.payment_id,
        withdrawal.external_order_id,
        name,
        code,
        number,
        email,
        withdrawal.account.account_id,
        asset_label(payment.asset),
        as_counted(payment.asset, payment.sum),
        str(withdrawal.requested_by),
        str(decided_by) if decided_by else "",
        timezone.localtime(trans_time).isoformat(sep=" ", timespec="seconds") if trans_time else "",
        *([str(withdrawal.account.tenant)] if with_tenant else []),
        *TO_BE_FILLED_IN,
    ]


def _mobile(payment: Payment) -> tuple[str, str]:
    """The country's calling code without its plus, and the number; a number of no country stands alone."""
    try:
        parts = contacts.parts_of(payment.payee_mobile)
    except contacts.UnreadableContactError:
        return "", payment.payee_mobile
    return parts["code"], parts["number"]


def _totals(payments: Sequence[Payment]) -> list[tuple[str, int, Decimal]]:
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for payment in payments:
        sums[payment.asset].append(payment.sum)
    return [
        (asset, len(sums[asset]), as_counted(asset, sum(sums[asset], Decimal(0)))) for asset in in_order(sums)
    ]


def _totals_below(payments: Sequence[Payment]) -> Iterator[list[Cell]]:
    """In the columns of the table: what it is, the asset, the sum."""
    for asset, _count, total in _totals(payments):
        yield [_("Total"), "", "", "", "", "", "", asset_label(asset), total]


def _text(cell: Cell) -> str:
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
