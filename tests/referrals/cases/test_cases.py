"""A mismatch is one case: opened once, explained on its page, closed by a person or by what explains it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client

from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.feishu.models import Tenant
from referrals.cases.services import close_case, close_explained_case, open_case
from referrals.cases.texts import FIGURES, MEANINGS, WHAT_TO_DO
from referrals.models import POINTS, Case, Reconciliation, ReferralAccount
from referrals.reconciliation.days import bounds, day_of
from tests.referrals.conftest import tell
from tests.referrals.withdrawals import answered, approved, taken
from tests.searching import reveal

DAY = date(2026, 11, 1)
NOON = bounds(DAY)[0] + timedelta(hours=12)
NOTE = "A note in English"

Account = Callable[..., ReferralAccount]
Kind = Case.Kind


@pytest.fixture
def run(tenant: Tenant) -> Reconciliation:
    return _run(tenant, DAY)


def _run(tenant: Tenant, day: date, started_by: User | None = None) -> Reconciliation:
    starts_at, ends_at = bounds(day)
    return Reconciliation.objects.create(
        tenant=tenant,
        day=day,
        starts_at=starts_at,
        ends_at=ends_at,
        started_by=started_by,
        state=Reconciliation.State.DIFFERS,
        finished_at=datetime.now(UTC),
    )


def _points(account: ReferralAccount, run: Reconciliation, theirs: int = 10) -> Case:
    return open_case(
        kind=Kind.POINTS,
        account=account,
        asset=POINTS,
        ours=Decimal(0),
        theirs=Decimal(theirs),
        reconciliation=run,
    )


# --- Opening


def test_the_same_open_case_is_not_opened_twice(
    tenant: Tenant, account: Account, run: Reconciliation
) -> None:
    one, other = account(), account()
    case = _points(one, run)
    assert _points(one, run) == case
    assert _points(one, _run(tenant, DAY)) == case  # another run of the same day
    others = [_points(other, run), _points(one, run, 11), _points(one, _run(tenant, DAY - timedelta(days=1)))]
    assert len({case.pk, *(each.pk for each in others)}) == 4


def test_what_differs_again_after_its_case_was_closed_is_a_new_case_for_who_wants_to_know(
    tenant: Tenant, account: Account, run: Reconciliation, ada: User
) -> None:
    one = account()
    case = _points(one, run)
    close_case(case, by=ada, note="Feishu is wrong")
    assert _points(one, _run(tenant, DAY)) == case  # repeated by hireops itself
    assert _points(one, run, 11) != case
    newer = _points(one, _run(tenant, DAY, started_by=ada))
    assert newer != case
    assert _points(one, run) == newer  # the open one


def test_what_differs_again_after_hireops_has_explained_it_is_a_new_case(
    account: Account, run: Reconciliation
) -> None:
    one = account()
    case = _points(one, run)
    close_explained_case(case, note=NOTE)
    assert _points(one, run) != case


def test_an_account_that_feishu_does_not_know_is_not_a_case_again_after_a_person_closed_it(
    account: Account, run: Reconciliation, ada: User
) -> None:
    one, other = account(), account()
    case, explained = (open_case(kind=Kind.UNKNOWN_ACCOUNT, account=each) for each in (one, other))
    close_case(case, by=ada, note="has left")
    close_explained_case(explained, note=NOTE)
    assert open_case(kind=Kind.UNKNOWN_ACCOUNT, account=one) == case  # the sweep
    assert open_case(kind=Kind.UNKNOWN_ACCOUNT, account=one, reconciliation=run) == case
    assert open_case(kind=Kind.UNKNOWN_ACCOUNT, account=other) != explained
    tell(one.account_id, points=5)  # Feishu knows it again
    assert open_case(kind=Kind.UNKNOWN_ACCOUNT, account=one) != case


def test_withdrawals_and_balance_changes_have_cases_of_their_own(account: Account) -> None:
    one = account()
    first, second = (taken(one, at=NOON, CNY="1.00") for _ in range(2))
    values: dict[str, Any] = {"kind": Kind.UNASKED, "account": one, "asset": "CNY", "theirs": Decimal(1)}
    cases = [open_case(**values, withdrawal=each) for each in (first, second, first)]
    assert cases[0] == cases[2] != cases[1]
    changes = [each.changes.get() for each in (first, second)]
    drifts = [open_case(kind=Kind.DRIFT, account=one, change=each) for each in (*changes, changes[0])]
    assert drifts[0] == drifts[2] != drifts[1]


def test_an_account_that_feishu_does_not_know_has_one_case_whoever_finds_it(
    account: Account, run: Reconciliation
) -> None:
    one = account()
    found_by_a_query = open_case(kind=Kind.UNKNOWN_ACCOUNT, account=one)
    assert open_case(kind=Kind.UNKNOWN_ACCOUNT, account=one, reconciliation=run) == found_by_a_query


@pytest.mark.django_db(transaction=True)
def test_two_who_find_the_same_mismatch_at_once_open_one_case(account: Account, run: Reconciliation) -> None:
    one = account()

    def find(_: int) -> int:
        try:
            return _points(one, run).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as finders:
        assert len(set(finders.map(find, range(8)))) == 1
    assert Case.objects.count() == 1


# --- Closing


def test_closing_needs_a_note_and_happens_once(
    account: Account, run: Reconciliation, ada: User, hira: User
) -> None:
    case = _points(account(), run)
    with pytest.raises(Refused, match="Write a note"):
        close_case(case, by=ada, note=" \n")
    close_case(case, by=ada, note=" Feishu was wrong ")
    with pytest.raises(Refused, match="closed already"):
        close_case(case, by=hira, note="me too")
    close_explained_case(case, note=NOTE)
    case.refresh_from_db()
    assert (case.closed_by, case.note) == (ada, "Feishu was wrong")
    entry = AuditEntry.objects.get(target_id=str(case.pk))
    assert (entry.actor, entry.action, entry.reason) == (ada, "case closed", "Feishu was wrong")


def test_what_explains_a_case_closes_it_without_a_person(account: Account, run: Reconciliation) -> None:
    case = _points(account(), run)
    close_explained_case(case, note=NOTE)
    case.refresh_from_db()
    assert case.closed_at
    assert (case.closed_by, case.note) == (None, NOTE)
    assert AuditEntry.objects.get(target_id=str(case.pk)).actor is None


def test_the_database_has_no_closed_case_without_a_note(account: Account, run: Reconciliation) -> None:
    case = _points(account(), run)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE referrals_case SET closed_at = opened_at WHERE id = %s", [case.pk])


# --- Pages


def _url(path: str) -> str:
    return f"/admin/referrals/case/{path}"


def test_the_list_begins_with_open_ones_and_is_filtered_and_searched(
    account: Account, run: Reconciliation, ada: User, pages: Callable[..., Client]
) -> None:
    one, other = account("6942"), account("6943")
    closed, waiting = _points(one, run), open_case(kind=Kind.UNKNOWN_ACCOUNT, account=other)
    close_case(closed, by=ada, note="wrong")
    browser = pages(ada)

    def listed(query: str = "") -> set[int]:
        return {case.pk for case in browser.get(_url(query)).context["cl"].result_list}

    assert listed() == listed("?state=open") == {waiting.pk}
    assert listed("?state=closed") == {closed.pk}
    assert listed("?state=all") == {closed.pk, waiting.pk}
    assert listed("?state=all&kind__exact=points") == {closed.pk}
    assert listed("?state=all&q=6943") == {waiting.pk}
    assert listed(f"?state=all&reconciliation__id__exact={run.pk}") == {closed.pk}


@pytest.mark.parametrize("kind", Kind.values)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_kind_says_what_it_means_and_what_to_do(
    account: Account, audrey: User, client_of: Callable[..., Client], kind: str, language: str
) -> None:
    case = open_case(kind=kind, account=account(), asset="CNY", ours=Decimal("1234.5"), theirs=Decimal(2))
    browser = client_of(audrey)
    browser.cookies[django_settings.LANGUAGE_COOKIE_NAME] = language
    response = browser.get(_url(f"{case.pk}/change/"))
    page = response.content.decode()
    for shown in ("1,234.50", "2.00", "-1,232.50"):
        assert shown in page, shown
    assert response.context["meaning"] == MEANINGS[Kind(kind)]
    assert response.context["what_to_do"] == WHAT_TO_DO[Kind(kind)]
    assert len(FIGURES[Kind(kind)]) == 2


def test_the_page_links_to_everything_and_hides_the_name(
    account: Account, run: Reconciliation, audrey: User, ada: User, pages: Callable[..., Client]
) -> None:
    one = account("6942", name="张三丰")
    withdrawal = taken(one, at=NOON, CNY="12.30")
    case = open_case(
        kind=Kind.CASH,
        account=one,
        asset="CNY",
        ours=Decimal("12.30"),
        theirs=Decimal("12.40"),
        reconciliation=run,
        withdrawal=withdrawal,
        change=withdrawal.changes.get(),
    )
    page = pages(audrey).get(_url(f"{case.pk}/change/")).content.decode()
    for shown in ("12.30", "12.40", "0.10", "not yet", f"/referrals/reconciliation/{run.pk}/", "6942"):
        assert shown in page, shown
    assert "张三丰" not in page
    assert "张三丰" not in pages(ada).get(_url(f"{case.pk}/change/")).content.decode()
    assert "张三丰" in reveal(pages(ada), _url(f"{case.pk}/change/")).content.decode()


def test_a_payout_without_an_answer_may_explain_it(
    account: Account, run: Reconciliation, audrey: User, pages: Callable[..., Client]
) -> None:
    one = account()
    case = _points(one, run)
    browser = pages(audrey)
    assert "not answered yet" not in browser.get(_url(f"{case.pk}/change/")).content.decode()
    withdrawal = approved(one, at=NOON)
    page = browser.get(_url(f"{case.pk}/change/")).content.decode()
    assert "not answered yet" in page
    assert f"#{withdrawal.pk}" in page
    answered(withdrawal, at=NOON, points=10)
    page = browser.get(_url(f"{case.pk}/change/")).content.decode()
    assert "not answered yet" not in page


def test_a_payout_answered_after_comparing_may_explain_it(
    tenant: Tenant, account: Account, audrey: User, pages: Callable[..., Client]
) -> None:
    one, later = account(), datetime.now(UTC) + timedelta(days=1)
    run = _run(tenant, day_of(later))
    case = _points(one, run)
    browser = pages(audrey)
    assert "answered after" not in browser.get(_url(f"{case.pk}/change/")).content.decode()
    taken(one, at=later, points=10)
    assert "answered after" in browser.get(_url(f"{case.pk}/change/")).content.decode()


def test_cases_are_closed_one_and_many_with_a_note(
    account: Account, run: Reconciliation, ada: User, pages: Callable[..., Client]
) -> None:
    cases = [_points(account(), run) for _ in range(3)]
    browser = pages(ada)
    assert "Close" in browser.get(_url(f"{cases[0].pk}/change/")).content.decode()
    chosen = {"_selected_action": [case.pk for case in cases], "confirmed": "yes"}
    browser.post(_url("actions/close/"), chosen)
    assert not Case.objects.exclude(closed_at=None).exists()
    browser.post(_url("actions/close/"), {**chosen, "reason": "Feishu has mended it"})
    assert set(Case.objects.values_list("closed_by", "note")) == {(ada.pk, "Feishu has mended it")}
    page = browser.get(_url(f"{cases[0].pk}/change/")).content.decode()
    assert "Closed by ada" in page
    assert "Feishu has mended it" in page


@pytest.mark.parametrize("person", ["hira", "audrey", "otto", "vera", "eve"])
def test_only_who_has_the_right_closes_cases(
    account: Account, run: Reconciliation, pages: Callable[..., Client], person: str, request: Any
) -> None:
    case = _points(account(), run)
    chosen = {"_selected_action": case.pk, "confirmed": "yes", "reason": "mine"}
    answer = pages(request.getfixturevalue(person)).post(_url("actions/close/"), chosen)
    assert answer.status_code == 403
    assert Case.objects.filter(closed_at=None).exists()


def test_nobody_edits_or_deletes_a_case(
    account: Account, run: Reconciliation, ada: User, pages: Callable[..., Client]
) -> None:
    case = _points(account(), run)
    browser = pages(ada)
    assert browser.post(_url(f"{case.pk}/delete/"), {"post": "yes"}).status_code == 403
    assert browser.post(_url(f"{case.pk}/change/"), {"kind": "cash"}).status_code == 403
    assert browser.get(_url("add/")).status_code == 403
