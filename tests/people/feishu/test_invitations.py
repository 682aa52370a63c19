"""Who is invited beforehand has the roles at the first sign-in with Feishu."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from hireops.desk.models import AuditEntry
from hireops.desk.roles import ROLES
from hireops.people.models import CredentialChange, Invitation, PayoutRight
from tests.clocks import Clock
from tests.people.conftest import may, role
from tests.people.feishu.conftest import ZHANG, Visitor

INVITE = "/admin/people/invitation/invite/"
INVITATIONS = "/admin/people/invitation/"


@pytest.fixture
def invites(client_of: Callable[[User], Client]) -> Callable[..., Any]:
    """``invites(otto, "auditor", mobile=...)``: the page after the form was sent."""

    def invites(by: User, *roles: str, **given: Any) -> str:
        client = client_of(by)
        client.cookies["django_language"] = "en"
        sent = {"roles": [role(name).pk for name in roles], **given}
        return str(client.post(INVITE, sent, follow=True).content.decode())

    return invites


@pytest.mark.parametrize(
    "given", [{"mobile": "138 0013 8000"}, {"mobile": "+86-13800138000"}, {"email": "ZHANG@example.com"}]
)
def test_who_is_invited_has_the_roles_at_once(
    visitor: Visitor, otto: User, invites: Callable[..., str], given: dict[str, str]
) -> None:
    assert "Invited." in invites(otto, "auditor", "vendor_operator", **given)
    visitor.sign_in()

    assert visitor.person is not None
    assert set(visitor.person.groups.all()) == {role("auditor"), role("vendor_operator")}
    invitation = Invitation.objects.get()
    assert (invitation.used_by, invitation.invited_by) == (visitor.person, otto)
    assert invitation.state == "used"
    assert AuditEntry.objects.filter(action="invitation used", actor_name="张三").count() == 1


def test_an_invitation_is_good_once(
    visit: Callable[[], Visitor], feishu: Any, otto: User, invites: Callable[..., str]
) -> None:
    invites(otto, "auditor", mobile=ZHANG["mobile_number"])
    feishu.add_employees({"employee_id": "ou_twin", "name": "李四", "mobile_number": ZHANG["mobile_number"]})
    visit().sign_in()
    second = visit()
    second.sign_in("ou_twin")

    assert second.person is not None
    assert not second.person.groups.exists()


def test_an_invitation_does_nothing_for_who_is_here_already(
    visit: Callable[[], Visitor], otto: User, invites: Callable[..., str]
) -> None:
    visit().sign_in()
    invites(otto, "auditor", mobile=ZHANG["mobile_number"])
    again = visit()
    again.sign_in()

    assert again.person is not None
    assert not again.person.groups.exists()


def test_a_withdrawn_invitation_and_one_that_is_too_old_give_nothing(
    visit: Callable[[], Visitor],
    otto: User,
    invites: Callable[..., str],
    client_of: Callable[[User], Client],
    clock: Clock,
) -> None:
    invites(otto, "auditor", mobile=ZHANG["mobile_number"])
    withdrawn = Invitation.objects.get()
    sent = {"_selected_action": withdrawn.pk, "confirmed": "1", "reason": "left"}
    client_of(otto).post(f"{INVITATIONS}actions/withdraw/", sent)
    withdrawn.refresh_from_db()
    assert (withdrawn.state, withdrawn.withdrawn_by) == ("withdrawn", otto)
    invites(otto, "auditor", mobile=ZHANG["mobile_number"])
    clock.advance(days=15)
    assert Invitation.objects.latest("pk").state == "expired"
    visitor = visit()
    visitor.sign_in()

    assert visitor.person is not None
    assert not visitor.person.groups.exists()
    assert not Invitation.objects.exclude(used_at=None).exists()


def test_somebody_is_invited_once_at_a_time_until_it_has_ended(
    otto: User, invites: Callable[..., str], clock: Clock, transactional_db: None
) -> None:
    assert "Invited." in invites(otto, "auditor", mobile="13800138000")
    assert "invited already" in invites(otto, "auditor", mobile="+86 138 0013 8000", email="a@example.com")
    clock.advance(days=15)
    assert "Invited." in invites(otto, "auditor", mobile="13800138000")
    assert [each.state for each in Invitation.objects.all()] == ["open", "withdrawn"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "Enter a mobile number or an email."),
        ({"mobile": "1380013"}, "This is no mobile number."),
        ({"email": "nobody"}, "This is no email address."),
    ],
)
def test_what_is_no_contact_is_said_at_its_field(
    otto: User, invites: Callable[..., str], given: dict[str, str], says: str
) -> None:
    assert says in invites(otto, "auditor", **given)
    assert not Invitation.objects.exists()


def test_a_superuser_alone_invites_to_a_role_that_can_approve_or_pay(
    visitor: Visitor, root: User, invites: Callable[..., str]
) -> None:
    assert "Invited." in invites(root, "hr_approver", mobile=ZHANG["mobile_number"])
    visitor.sign_in()

    assert visitor.person is not None
    assert visitor.person.groups.get() == role("hr_approver")


CONFIRM = f"{INVITATIONS}actions/confirm/"


@pytest.fixture
def olga(db: None) -> User:
    """Another administrator."""
    person = User.objects.create_user("olga", is_staff=True)
    person.groups.add(role("administrator"))
    return person


@pytest.fixture
def confirms(olga: User, client_of: Callable[[User], Client]) -> Callable[..., Any]:
    def confirms(by: User = olga) -> Any:
        sent = {"_selected_action": Invitation.objects.get().pk, "confirmed": "1", "reason": "from Monday"}
        return client_of(by).post(CONFIRM, sent, follow=True)

    return confirms


@pytest.mark.usefixtures("delayed", "ada", "hira")
@pytest.mark.parametrize(
    ("name", "right"),
    [("hr_officer", "referrals.add_payoutbatch"), ("hr_approver", "referrals.approve_withdrawal")],
)
def test_two_administrators_invite_who_approves_or_pays(
    request: pytest.FixtureRequest, visitor: Visitor, otto: User, name: str, right: str
) -> None:
    invites, confirms = map(request.getfixturevalue, ("invites", "confirms"))
    assert "Proposed." in invites(otto, name, mobile=ZHANG["mobile_number"])
    assert Invitation.objects.get().state == "waiting"
    confirms()
    assert Invitation.objects.get().state == "open"
    entry = AuditEntry.objects.get(action="invitation confirmed")
    assert (entry.actor_name, entry.reason) == ("olga", "from Monday")
    visitor.sign_in()

    assert visitor.person is not None
    assert visitor.person.groups.get() == role(name)
    assert PayoutRight.objects.get(user=visitor.person, permission=right).given_by == otto
    assert not may(visitor.person, right)


def test_the_second_person_sees_on_the_home_page_that_an_invitation_waits(
    otto: User, olga: User, invites: Callable[..., str], client_of: Callable[[User], Client]
) -> None:
    invites(otto, "hr_approver", mobile=ZHANG["mobile_number"])
    card = "待您确认的邀请"
    assert card in client_of(olga).get("/admin/").content.decode()
    assert card not in client_of(otto).get("/admin/").content.decode()


def test_who_proposes_does_not_confirm_nor_does_who_can_pay(
    visitor: Visitor, otto: User, olga: User, invites: Callable[..., str], confirms: Callable[..., Any]
) -> None:
    invites(otto, "hr_approver", mobile=ZHANG["mobile_number"])
    olga.groups.add(role("hr_officer"))
    for person in (otto, olga):
        confirms(person)
        assert Invitation.objects.get().state == "waiting"
    visitor.sign_in()

    assert visitor.person is not None
    assert not visitor.person.groups.exists()


@pytest.mark.parametrize("dismissed", ["otto", "olga"])
def test_both_people_still_have_to_be_administrators_when_it_is_used(
    visitor: Visitor, otto: User, invites: Callable[..., str], confirms: Callable[..., Any], dismissed: str
) -> None:
    invites(otto, "hr_approver", mobile=ZHANG["mobile_number"])
    confirms()
    User.objects.get(username=dismissed).groups.clear()
    visitor.sign_in()

    assert visitor.person is not None
    assert not visitor.person.groups.exists()


@pytest.mark.usefixtures("delayed", "ada")
def test_a_right_to_pay_that_was_invited_to_waits_like_any_other_and_says_who_gave_it(
    visitor: Visitor, root: User, invites: Callable[..., str], clock: Clock
) -> None:
    invites(root, "hr_approver", mobile=ZHANG["mobile_number"])
    visitor.sign_in()
    person = visitor.person
    assert person is not None

    right = PayoutRight.objects.get(user=person, permission="referrals.approve_withdrawal")
    assert right.given_by == root
    assert not may(person)
    clock.advance(hours=25)
    assert may(person)
    entry = AuditEntry.objects.get(action="roles given by invitation")
    assert (entry.actor, entry.target_label) == (root, "张三")
    assert entry.details == {"rights": {"before": [], "after": [ROLES["hr_approver"]]}}


def test_who_was_dismissed_since_has_invited_nobody(
    visitor: Visitor, otto: User, invites: Callable[..., str]
) -> None:
    invites(otto, "auditor", mobile=ZHANG["mobile_number"])
    otto.groups.clear()
    visitor.sign_in()

    assert visitor.person is not None
    assert not visitor.person.groups.exists()
    assert Invitation.objects.get().state == "open"


# --- For somebody who has an account


def test_an_existing_person_signs_in_with_feishu_after_an_invitation(
    visit: Callable[[], Visitor], otto: User, vera: User, invites: Callable[..., str]
) -> None:
    assert "Invited." in invites(otto, mobile=ZHANG["mobile_number"], person=vera.pk)
    first, second = visit(), visit()
    first.sign_in()
    second.sign_in()

    assert first.person == second.person == vera
    assert CredentialChange.objects.get(user=vera).by == otto
    assert SocialAccount.objects.get().user == vera
    entry = AuditEntry.objects.get(action="Feishu account linked by invitation")
    assert (entry.target_label, entry.details) == ("vera", {"open_id": "ou_zhang", "invited_by": "otto"})


def test_only_a_superuser_links_a_feishu_account_to_who_can_approve_or_pay(
    visitor: Visitor, otto: User, ada: User, root: User, invites: Callable[..., str]
) -> None:
    for person in (ada, root):
        assert "only a superuser" in invites(otto, mobile=ZHANG["mobile_number"], person=person.pk)
    assert not Invitation.objects.exists()
    invites(root, mobile=ZHANG["mobile_number"], person=ada.pk)
    visitor.sign_in()

    assert visitor.person == ada


def test_a_person_who_became_an_approver_since_is_not_linked_by_an_administrator(
    visitor: Visitor, otto: User, vera: User, invites: Callable[..., str]
) -> None:
    invites(otto, mobile=ZHANG["mobile_number"], person=vera.pk)
    vera.groups.add(role("hr_approver"))
    visitor.sign_in()

    assert visitor.person not in {None, vera}


# --- Who sees what, and what the database keeps


@pytest.mark.parametrize("page", ["", "invite/"])
@pytest.mark.parametrize("name", ["hr_officer", "hr_approver", "vendor_operator"])
def test_other_roles_have_no_such_page(
    page: str, name: str, transactional_db: None, client_of: Callable[[User], Client]
) -> None:
    person = User.objects.create_user("somebody", is_staff=True)
    person.groups.add(role(name))

    assert client_of(person).get(f"{INVITATIONS}{page}").status_code == 403


def test_contacts_are_masked_on_every_page(
    otto: User, audrey: User, invites: Callable[..., str], client_of: Callable[[User], Client]
) -> None:
    invites(otto, "auditor", mobile="13800138000", email="zhang@example.com")
    page = f"{INVITATIONS}{Invitation.objects.get().pk}/change/"
    for reader in (otto, audrey):
        for address in (INVITATIONS, page):
            seen = client_of(reader).get(address).content.decode()
            assert "13800138000" not in seen
            assert "zhang@example.com" not in seen
            assert "****8000" in seen


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE people_invitation SET mobile = '+8613900139000'",
        "UPDATE people_invitation SET needs_second_person = NOT needs_second_person",
        "UPDATE people_invitation SET person_id = invited_by_id",
        "UPDATE people_invitation SET used_at = NULL, used_by_id = NULL",
        "DELETE FROM people_invitation",
    ],
)
def test_the_database_keeps_how_an_invitation_was_made_and_used(
    visitor: Visitor, otto: User, invites: Callable[..., str], change: str
) -> None:
    invites(otto, "auditor", mobile=ZHANG["mobile_number"])
    visitor.sign_in()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.parametrize("wrong", [{}, {"mobile": "+8613800138000", "used_at": "2026-01-01T00:00Z"}])
def test_the_database_takes_no_invitation_of_nobody_and_none_that_has_ended(
    otto: User, wrong: dict[str, str]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(invited_by=otto, expires_at="2027-01-01T00:00Z", **wrong)
