"""What the vendor's home page counts, beside the lists that it leads to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from bindings.models import (
    AccountOffer,
    AccountOrderForm,
    BackgroundCheck,
    CustomerImport,
    EcoAccount,
    Exam,
    ExamPaper,
    Offer,
)
from hireops.database import clock
from tests.bindings.conftest import english
from tests.bindings.matching.conftest import customer
from tests.bindings.orders.conftest import arranged, catalogue, ordered
from tests.home import figures_and_rows

__all__ = ["arranged", "catalogue", "customer", "ordered"]

NOW = datetime.now(UTC)
LONG_AGO, LATELY = (f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M}" for days in (23, 0))


@pytest.fixture
def accounts(bound: Any, customer: Any) -> list[EcoAccount]:
    """Six, of which three have a customer; one of these is in question, and one waits set aside."""
    for number in range(6):
        bound({"account_id": f"account-{number}", "account_name": f"A{number}", "scope": 1 + number % 2})
    made = list(EcoAccount.objects.order_by("pk"))
    for account in made[:3]:
        account.customer = customer(f"C{account.pk}")
    made[0].in_question = customer("other")
    made[3].set_aside = True
    for account in made:
        account.save(update_fields=["customer", "in_question", "set_aside"])
    EcoAccount.objects.filter(pk=made[5].pk).update(created_at=clock.now() - timedelta(days=8))
    return made


@pytest.fixture
def offered(accounts: list[EcoAccount]) -> None:
    for account, state in zip(accounts, ("out_of_date", "refused", "in_doubt", "in_doubt"), strict=False):
        AccountOffer.objects.update_or_create(account=account, defaults={"state": state})
    for account, standing in zip(accounts, ("in_doubt", "refused", "settled"), strict=False):
        AccountOrderForm.objects.update_or_create(account=account, defaults={"standing": standing})
    over = clock.now() - timedelta(days=1)
    for number, is_offered in enumerate((True, True, False)):
        paper = ExamPaper.objects.create(code=f"p{number}", name=f"P{number}", end_time=over)
        for account in accounts[:2] if is_offered else []:
            Offer.objects.create(paper=paper, account=account)
    ExamPaper.objects.filter(code="p1").update(archived=True)


@pytest.fixture
def orders(ordered: Any, arranged: Any) -> None:
    checks = [ordered(at) for at in (LONG_AGO, LONG_AGO, LATELY, LATELY)]
    exams = [arranged(at) for at in (LONG_AGO, LONG_AGO, LONG_AGO, LATELY)]
    BackgroundCheck.objects.filter(pk=checks[0].pk).update(to_look_at="refused", turn="candidate")
    Exam.objects.filter(pk=exams[0].pk).update(to_look_at="refused")
    ExamPaper.objects.filter(code="java").update(end_time=clock.now() - timedelta(days=1))


def test_every_figure_leads_to_a_list_with_just_as_many_rows(
    offered: None, orders: None, vera: User, client_of: Any
) -> None:
    for state in ("checked", "checked", "done"):
        CustomerImport.objects.create(file_name="c.csv", state=state, uploaded_by=vera)
    boss = User.objects.create_superuser("boss")
    for person in (vera, boss):
        shown = figures_and_rows(person, english(client_of(person)))
        assert len(shown) >= len({"bound", "forms", "checks", "exams", "late", "papers", "offers"})
        rows = {title: rows for title, (_figure, rows) in shown.items()}
        assert rows == {title: figure for title, (figure, _rows) in shown.items()}
    assert rows["Offers refused or in doubt"] == 3
    assert rows["Exam papers whose window has passed"] == 1
    assert rows["Exams that are late"] == 3
