"""A company whose people work at a Feishu, which runs as a real process; here time passes as a test says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from hireops.feishu.models import Tenant
from hireops.notices import tasks
from hireops.outbox.models import Call
from referrals.models import ReferralAccount, Withdrawal
from tests.clocks import Clock
from tests.in_this_process import drain, in_english, one_sender_that_does_not_wait
from tests.simulator_process import Simulator, running_simulator

__all__ = ["in_english", "one_sender_that_does_not_wait"]

NOON = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)  # in Shanghai
NIGHT = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
MORNING = datetime(2027, 3, 2, 0, 1, tzinfo=UTC)
SITE = "https://hireops.example.com"


@dataclass
class Company:
    feishu: Simulator
    clock: Clock

    def link(self, *people: User) -> None:
        """They have signed in with Feishu; ada is the employee ``ou_ada``."""
        for person in people:
            employee = f"ou_{person.username}"
            self.feishu.add_employees({"employee_id": employee, "name": person.username})
            SocialAccount.objects.create(user=person, provider="feishu", uid=employee)

    def ask(self, by: User) -> Withdrawal:
        """A withdrawal that waits for approval."""
        return Withdrawal.objects.create(
            account=self.account(),
            external_order_id=f"order{Withdrawal.objects.count():05}",
            takes_points=True,
            takes_cash=False,
            requested_by=by,
        )

    def account(self) -> ReferralAccount:
        return ReferralAccount.objects.create(
            tenant=Tenant.objects.own(),
            account_id=f"694277819805{ReferralAccount.objects.count():05}",
            source=ReferralAccount.Source.REGISTERED,
            name="张三",
        )

    def soon(self) -> int:
        """What beat and workers do within the next minute and a half; how many calls were tried."""
        tries = 0
        for seconds in (0, 61, 16):
            self.clock.advance(seconds)
            tasks.tell_staff()
            tries += drain()
        return tries

    def got(self, person: User) -> list[str]:
        """What the person has read in Feishu, in English and oldest first."""
        messages = self.feishu.state("messages")["messages"]
        return [words(each["card"]) for each in messages if each["employee_id"] == f"ou_{person.username}"]


def words(card: dict[str, Any], language: str = "en_us") -> str:
    return str(card["body"]["elements"][0]["text"]["i18n_content"][language])


def states() -> list[str]:
    """Of the calls that tell something, oldest first."""
    found = Call.objects.filter(operation="message.create").order_by("pk")
    return list(found.values_list("state", flat=True))


@pytest.fixture(scope="session")
def _feishu() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def company(_feishu: Simulator, transactional_db: None, settings: Any, clock: Clock) -> Company:
    """Nobody of it is at Feishu yet; it is noon."""
    _feishu.reset()
    settings.FEISHU_BASE_URL = _feishu.url
    settings.FEISHU_APP_ID = _feishu.environment["FEISHU_APP_ID"]
    settings.FEISHU_APP_SECRET = _feishu.environment["FEISHU_APP_SECRET"]
    settings.FEISHU_MESSAGES = True
    settings.PUBLIC_URL = SITE
    clock.set(NOON)
    return Company(_feishu, clock)
