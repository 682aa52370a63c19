"""A right to approve or pay takes effect after a delay, by whatever road it was given."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import DatabaseError, connection, transaction

from hireops.people.models import PayoutRight
from hireops.people.payout_rights import settle
from hireops.people.tasks import settle_payout_rights
from tests.clocks import Clock
from tests.meanwhile import at_once, two_writers
from tests.people.conftest import may, role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("delayed")]

APPROVE = "referrals.approve_withdrawal"


def permission() -> Permission:
    return Permission.objects.get(codename="approve_withdrawal")


def by_role(person: User) -> None:
    person.groups.add(role("hr_approver"))


def by_role_from_its_side(person: User) -> None:
    role("hr_approver").user_set.add(person)


def by_the_permissions_of_a_role_that_the_person_has(person: User) -> None:
    own = Group.objects.create(name="mine")
    person.groups.add(own)
    own.permissions.add(permission())


def by_a_permission_of_the_person(person: User) -> None:
    person.user_permissions.add(permission())


def by_rank(person: User) -> None:
    person.is_superuser = True
    person.save()


def by_rank_with_an_update(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_superuser=True)


def by_activating_an_account_that_has_the_role(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.groups.add(role("hr_approver"))
    settle_payout_rights()
    User.objects.filter(pk=person.pk).update(is_active=True)


def by_rows_that_no_signal_tells_of(person: User) -> None:
    User.groups.through.objects.bulk_create(
        [User.groups.through(user_id=person.pk, group_id=role("hr_approver").pk)]
    )


def by_hand_in_the_database(person: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_user_groups (user_id, group_id) VALUES (%s, %s)",
            [person.pk, role("hr_approver").pk],
        )


ROADS = [
    by_role,
    by_role_from_its_side,
    by_the_permissions_of_a_role_that_the_person_has,
    by_a_permission_of_the_person,
    by_rank,
    by_rank_with_an_update,
    by_activating_an_account_that_has_the_role,
    by_rows_that_no_signal_tells_of,
    by_hand_in_the_database,
]


@pytest.mark.parametrize("road", ROADS)
def test_whatever_the_road_it_takes_effect_a_day_later(
    road: Callable[[User], None], ada: User, eve: User, clock: Clock
) -> None:
    road(eve)

    assert not may(eve)
    clock.advance(hours=23, minutes=59)
    assert not may(eve)
    clock.advance(minutes=2)
    assert may(eve)
    assert may(ada)


def test_a_right_that_somebody_looks_at_late_counts_from_when_it_was_given(
    ada: User, eve: User, clock: Clock
) -> None:
    by_hand_in_the_database(eve)
    settle_payout_rights()  # as beat does every minute

    clock.advance(hours=24, minutes=1)

    assert may(eve)


@pytest.mark.parametrize("road", [by_role, by_a_permission_of_the_person, by_rank])
def test_what_was_taken_and_is_given_again_waits_again(
    road: Callable[[User], None], ada: User, eve: User, clock: Clock
) -> None:
    road(eve)
    clock.advance(days=2)
    assert may(eve)

    eve.groups.clear()
    eve.user_permissions.clear()
    eve.is_superuser = False
    eve.save()
    assert not may(eve)
    road(eve)

    assert not may(eve)
    clock.advance(days=2)
    assert may(eve)


def test_an_account_that_is_made_active_again_waits_again(ada: User, clock: Clock) -> None:
    ada.is_active = False
    ada.save()
    ada.is_active = True
    ada.save()

    assert not may(ada)
    clock.advance(days=2)
    assert may(ada)


def test_a_role_that_is_deleted_and_made_anew_waits_again(ada: User, eve: User) -> None:
    role("hr_approver").delete()
    again = Group.objects.create(name="approvers")
    again.permissions.add(permission())
    again.user_set.add(ada)

    assert not may(ada)


def test_a_second_way_to_the_same_right_begins_no_new_delay(ada: User, clock: Clock) -> None:
    by_a_permission_of_the_person(ada)
    ada.groups.clear()

    assert may(ada)


def test_the_first_approver_of_an_installation_need_not_wait_and_the_second_does(
    root: User, ada: User, eve: User
) -> None:
    by_role(eve)

    assert may(root)
    assert may(ada)
    assert not may(eve)


def test_who_made_the_first_approver_go_is_not_the_first_one_again(ada: User, eve: User) -> None:
    ada.groups.clear()
    by_role(eve)

    assert not may(eve)


def test_where_superusers_have_approved_already_nobody_is_the_first(
    root: User, eve: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hireops.people.payout_permissions.ever_used", lambda name: True)

    by_role(eve)

    assert not may(eve)


def test_a_second_superuser_waits_with_what_pays_and_with_nothing_else(root: User, eve: User) -> None:
    by_rank(eve)

    assert not may(eve, APPROVE)
    assert not may(eve, "referrals.add_payoutbatch")
    assert not may(eve, "referrals.record_payment")
    assert may(eve, "referrals.request_withdrawal")
    assert may(eve, "auth.change_user")


def test_other_rights_are_there_at_once(ada: User, eve: User) -> None:
    by_role(eve)

    assert may(eve, "referrals.view_withdrawal")


def test_a_shorter_delay_is_a_setting(ada: User, eve: User, clock: Clock, settings: object) -> None:
    settings.PEOPLE_PAYOUT_DELAY_HOURS = 2  # type: ignore[attr-defined]
    by_role(eve)

    clock.advance(hours=2, minutes=1)

    assert may(eve)


def test_in_the_demo_there_is_none(ada: User, eve: User, settings: object) -> None:
    settings.PEOPLE_PAYOUT_DELAY_HOURS = 0  # type: ignore[attr-defined]
    by_role(eve)

    assert may(eve)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people_payoutright SET in_effect_at = since",
        "UPDATE people_payoutright SET ended_at = NULL",
        "DELETE FROM people_payoutright",
    ],
)
def test_the_database_keeps_since_when(statement: str, ada: User, eve: User) -> None:
    by_role(eve)
    eve.groups.clear()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_person_has_a_right_once_at_a_time(ada: User) -> None:
    settle_payout_rights()
    settle_payout_rights()

    assert PayoutRight.objects.filter(user=ada, permission=APPROVE).count() == 1


@two_writers
@pytest.mark.django_db(transaction=True)
def test_two_who_look_at_the_same_instant_write_it_down_once(ada: User, eve: User) -> None:
    for _ in range(3):
        by_rows_that_no_signal_tells_of(eve)

        assert at_once(*[settle] * 4) == [None] * 4

        assert PayoutRight.objects.filter(user=eve, permission=APPROVE, ended_at=None).count() == 1
        User.groups.through.objects.filter(user=eve).delete()
        at_once(*[settle] * 4)
        assert not PayoutRight.objects.filter(user=eve, ended_at=None).exists()
