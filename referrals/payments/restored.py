"""Numbers of payout batches beyond a backup, so that none is given twice."""

from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.errors import Refused
from hireops.desk.models import Restoration
from hireops.desk.restoring import Line, Part, register
from referrals.models import PayoutBatch

MOST_SKIPPED = 100_000


def _last_batch() -> int:
    return PayoutBatch.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _found(_restoration: Restoration) -> list[Line]:
    address = reverse("admin:referrals_payoutbatch_changelist")
    return [Line(gettext_lazy("The last batch in this database"), _last_batch() or "–", address)]


def go_on_above(number: int) -> None:
    """The next batch has a higher number than ``number``, and than any that was given here."""
    known = _last_batch()
    if number < known:
        text = _("This database has batch #%(known)s, so the last one at the paying side is no lower.")
        raise Refused(text % {"known": known})
    if number > known + MOST_SKIPPED:
        text = _("That is %(most)s above the last batch here: look at the number again.")
        raise Refused(text % {"most": MOST_SKIPPED})
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _raise_on_sqlite(cursor, number)
        else:
            _raise_on_postgresql(cursor, number)


def _raise_on_sqlite(cursor: Any, number: int) -> None:
    """Django's ids are AUTOINCREMENT there: this table has the last one that was given."""
    table = PayoutBatch._meta.db_table  # noqa: SLF001 - documented
    cursor.execute("UPDATE sqlite_sequence SET seq = max(seq, %s) WHERE name = %s", [number, table])
    cursor.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT %s, %s"
        " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = %s)",
        [table, number, table],
    )


def _raise_on_postgresql(cursor: Any, number: int) -> None:
    """One after the other: to set a sequence is its owner's right, and hireops runs as somebody else."""
    table = PayoutBatch._meta.db_table  # noqa: SLF001 - documented
    following = "nextval(pg_get_serial_sequence(%s, 'id'))"
    cursor.execute(f"SELECT {following}", [table])
    (given,) = cursor.fetchone()
    cursor.execute(f"SELECT count({following}) FROM generate_series(1, %s)", [table, number - given])  # noqa: S608


register(
    Part(
        key="batches",
        place=4,
        title=gettext_lazy("Payout batches"),
        to_do=gettext_lazy(
            "Compare with the paying side. A batch that it has and this database does not was made after the "
            "backup: it is never to be paid again, and its file is the only record of its order IDs, "
            "accounts and amounts, so keep it. What is handed over here later may stand in one of these "
            "files already, with the same payment ID: look for it there first. New batches get numbers above "
            "the one that you enter."
        ),
        found=_found,
        number=gettext_lazy("Number of the last batch at the paying side (0 if there was none)"),
        take=go_on_above,
    )
)
