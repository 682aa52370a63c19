"""The same change on many accounts, as the page of a run shows it once."""

from collections.abc import Sequence
from dataclasses import dataclass

from bindings.offers.admin.picture import MARKS, Drawn, arranged, differences, moved_in_words
from bindings.offers.plan import Row
from bindings.offers.services import Preview

SHOWN, ACCOUNTS_SHOWN = 30, 20


@dataclass(frozen=True, slots=True)
class Grouped:
    """One change, and the accounts that get it: the first few, and how many more."""

    things: Sequence[Drawn]
    accounts: Sequence[Preview]
    count: int
    moved: str

    @property
    def more(self) -> int:
        return self.count - len(self.accounts)

    @property
    def empties(self) -> bool:
        return self.accounts[0].plan.empties

    @property
    def activates(self) -> bool:
        return self.accounts[0].plan.activates


def of(rows: Sequence[Row], members: Sequence[Preview]) -> Grouped:
    plan = members[0].plan
    exams = arranged([each.account for each in members], plan)
    moved = moved_in_words(exams) if plan.moves_exams else ""
    return Grouped([_drawn(row) for row in rows], members[:ACCOUNTS_SHOWN], len(members), moved)


def _drawn(row: Row) -> Drawn:
    return Drawn(row, row.after or row.before, MARKS[row.action], list(differences(row.before, row.after)))
