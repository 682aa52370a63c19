"""``python -m tests.drills.restoring 'STEP WORD ...' ...``: what staff do in the drill of a restore.

``pay ID ...`` asks for all that is in these accounts and has somebody else approve it; ``hand_over`` makes a
batch of all that is to be paid and prints its number; ``ask`` wants all balances; ``close_cases`` decides
each; ``administrator`` is one person more, who may ``release PART ...``. It rings at the end.
"""

import sys
from collections.abc import Callable

import django

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402 - after setup

from hireops.desk import restoring  # noqa: E402
from hireops.desk.errors import Refused  # noqa: E402
from hireops.desk.roles import ROLES  # noqa: E402
from hireops.jobs.tasks import work  # noqa: E402
from hireops.outbox.tasks import drain  # noqa: E402
from referrals.accounts import sweep  # noqa: E402
from referrals.cases import services as cases  # noqa: E402
from referrals.models import Case, ReferralAccount  # noqa: E402
from referrals.payments import services as payments  # noqa: E402
from referrals.payouts import services as withdrawals  # noqa: E402


def person(name: str) -> User:
    return User.objects.get_or_create(username=name)[0]


def pay(*account_ids: str) -> None:
    for account in ReferralAccount.objects.filter(account_id__in=account_ids):
        asked = withdrawals.request_withdrawal(
            account, by=person("hira"), points=True, cash=True, reason="November"
        )
        withdrawals.approve_withdrawal(asked, by=person("ada"), reason="checked")


def hand_over() -> None:
    print(payments.hand_over(payments.to_be_paid(), by=person("hira")).pk)  # noqa: T201 - read by the drill


def ask() -> None:
    sweep.ask_for_all(by=person("hira"))


def administrator() -> None:
    person("admin").groups.add(Group.objects.get(name=ROLES["administrator"]))


def close_cases() -> None:
    for case in Case.objects.filter(closed_at=None):
        cases.close_case(case, by=person("hira"), note="in batch 2 at the bank")


def release(*parts: str) -> None:
    for part in restoring.parts():
        if part.key in parts:
            restoring.release(part, by=person("admin"), reason="compared with the bank")


STEPS: dict[str, Callable[..., None]] = {
    each.__name__: each for each in (pay, hand_over, ask, administrator, close_cases, release)
}

if __name__ == "__main__":
    for step in sys.argv[1:]:
        name, *words = step.split()
        try:
            STEPS[name](*words)
        except Refused as refusal:
            print(f"refused: {refusal}")  # noqa: T201 - read by the drill
    drain.delay()  # both wait at the door until a worker comes
    work.delay()
