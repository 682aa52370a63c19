"""Nobody makes himself the second person: each page on which an administrator could try."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.people import credentials
from hireops.people.models import CredentialChange, OneTimePassword
from hireops.people.services import may_hand_out
from tests.people.conftest import may, role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("delayed")]

Pages = Callable[[User], Client]


@pytest.fixture
def pages(client_of: Pages) -> Pages:
    def pages(person: User) -> Client:
        client = client_of(person)
        client.cookies["django_language"] = "en"
        return client

    return pages


def page_of(person: User) -> str:
    return f"/admin/auth/user/{person.pk}/change/"


def save(browser: Client, person: User, **fields: Any) -> Any:
    sent = {
        "username": person.username,
        "email": person.email,
        "is_active": "on",
        "groups": [group.pk for group in person.groups.all()],
    }
    sent = {name: value for name, value in (sent | fields).items() if value is not None}
    return browser.post(page_of(person), sent)


def roles_of(person: User) -> set[Group]:
    return set(User.objects.get(pk=person.pk).groups.all())


def password_of(person: User) -> str:
    return User.objects.get(pk=person.pk).password


# --- His own account, and his own role


def test_an_administrator_does_not_change_his_own_roles(pages: Pages, otto: User, root: User) -> None:
    save(pages(otto), otto, groups=[role("administrator").pk, role("hr_approver").pk])

    assert roles_of(otto) == {role("administrator")}


def test_a_superuser_does_not_change_the_own_rank_or_roles_either(pages: Pages, root: User) -> None:
    save(pages(root), root, groups=[role("hr_approver").pk], is_active=None)

    root.refresh_from_db()
    assert (root.is_superuser, root.is_active, roles_of(root)) == (True, True, set())


def test_nobody_edits_a_role_that_he_has(pages: Pages, otto: User, root: User) -> None:
    approve = Permission.objects.get(codename="approve_withdrawal")
    address = f"/admin/auth/group/{role('administrator').pk}/change/"
    root.groups.add(role("administrator"))

    for person in (otto, root):
        sent = {"name": "mine", "permissions": [approve.pk]}
        assert pages(person).post(address, sent).status_code == 403
        assert "You have this role yourself" in pages(person).get(address).content.decode()
        deleted = address.replace("change", "delete")
        assert pages(person).post(deleted, {"post": "yes"}).status_code == 403
    assert approve not in role("administrator").permissions.all()


def test_only_a_superuser_edits_a_role_that_approves_or_pays(pages: Pages, otto: User, root: User) -> None:
    approver = role("hr_approver")
    address = f"/admin/auth/group/{approver.pk}/change/"

    assert pages(otto).post(address, {"name": "x"}).status_code == 403
    assert pages(otto).post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert "only a superuser changes it" in pages(otto).get(address).content.decode()
    kept = [permission.pk for permission in approver.permissions.all()]
    assert pages(root).post(address, {"name": approver.name, "permissions": kept}).status_code == 302


@pytest.mark.parametrize("address", ["/admin/auth/group/add/", "/admin/auth/group/{auditor}/change/"])
def test_an_administrator_puts_no_right_to_pay_into_another_role(
    pages: Pages, otto: User, address: str
) -> None:
    approve = Permission.objects.get(codename="approve_withdrawal")
    address = address.format(auditor=role("auditor").pk)

    answer = pages(otto).post(address, {"name": "harmless", "permissions": [approve.pk]})

    assert answer.status_code == 200
    assert not approve.group_set.filter(name="harmless").exists()
    assert "Can approve or reject a withdrawal" not in pages(otto).get(address).content.decode()


def test_roles_are_not_deleted_from_their_list_past_these_rules(pages: Pages, otto: User) -> None:
    chosen = [role("administrator").pk, role("hr_approver").pk]
    sent = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}

    pages(otto).post("/admin/auth/group/", sent)

    assert Group.objects.filter(pk__in=chosen).count() == 2


# --- A second account of his


def test_a_second_account_that_he_makes_waits_and_tells_who_made_it(
    pages: Pages, otto: User, ada: User
) -> None:
    sent = {"username": "otto2", "full_name": "Otto", "groups": [role("hr_approver").pk]}

    assert pages(otto).post("/admin/auth/user/add/", sent).status_code == 200

    second = User.objects.get(username="otto2")
    assert not may(second)
    made = CredentialChange.objects.get(user=second)
    assert (made.kind, made.by) == (CredentialChange.Kind.ACCOUNT, otto)
    assert second.payout_rights.get(permission="referrals.approve_withdrawal").given_by == otto


def test_he_does_not_name_the_first_approver_beside_the_superusers(
    pages: Pages, otto: User, root: User, vera: User, eve: User
) -> None:
    save(pages(otto), vera, groups=[role("hr_approver").pk])
    assert not may(vera)


def test_a_superuser_does(pages: Pages, root: User, vera: User) -> None:
    save(pages(root), vera, groups=[role("hr_approver").pk])
    assert may(vera)


def test_an_account_that_was_made_for_something_else_waits_too(
    pages: Pages, otto: User, vera: User, ada: User
) -> None:
    save(pages(otto), vera, groups=[role("hr_approver").pk])

    assert role("hr_approver") in roles_of(vera)
    assert not may(vera)


def test_who_can_pay_hands_such_a_role_to_nobody(pages: Pages, otto: User, vera: User, ada: User) -> None:
    otto.groups.add(role("hr_officer"))

    answer = save(pages(otto), vera, groups=[role("hr_approver").pk])

    assert "a superuser does" in answer.content.decode()
    assert roles_of(vera) == {role("vendor_operator")}


def test_rank_is_handed_out_by_superusers_alone_and_waits(
    pages: Pages, otto: User, root: User, eve: User
) -> None:
    save(pages(otto), eve, is_superuser="on")
    assert not User.objects.get(pk=eve.pk).is_superuser

    save(pages(root), eve, is_superuser="on")

    assert User.objects.get(pk=eve.pk).is_superuser
    assert not may(User.objects.get(pk=eve.pk))


def test_others_ask_by_the_same_rule_who_may_hand_out_what(
    otto: User, ada: User, vera: User, root: User
) -> None:
    approver = [role("hr_approver")]

    assert may_hand_out(otto, approver)
    assert may_hand_out(otto, approver, to=vera)
    assert not may_hand_out(otto, [role("auditor")], to=otto)
    assert not may_hand_out(otto, [role("auditor")], to=ada)
    assert not may_hand_out(root, approver, to=root)
    assert may_hand_out(root, [role("auditor")], to=ada)


# --- The account of somebody who can approve or pay


@pytest.mark.parametrize("whose", ["ada", "hira", "root"])
def test_an_administrator_changes_nothing_of_who_can_approve_or_pay(
    pages: Pages, otto: User, whose: str, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(whose)
    before, roles = password_of(person), roles_of(person)
    browser = pages(otto)

    assert save(browser, person, username="another", email="mine@example.com").status_code == 403
    assert save(browser, person, groups=[], is_active=None).status_code == 403
    assert browser.post(f"/admin/auth/user/{person.pk}/password/", {"reason": "x"}).status_code == 403
    assert browser.post(f"/admin/auth/user/{person.pk}/delete/", {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
    browser.post("/admin/auth/user/", sent)
    person.refresh_from_db()
    assert (person.username, person.email, password_of(person)) == (whose, "", before)
    assert (person.is_active, roles_of(person)) == (True, roles)
    with pytest.raises(Refused):
        credentials.set_one_time_password(person, by=otto)


def test_nor_while_that_account_is_not_active(pages: Pages, otto: User, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)

    assert save(pages(otto), ada).status_code == 403
    assert pages(otto).post(f"/admin/auth/user/{ada.pk}/password/").status_code == 403
    assert not User.objects.get(pk=ada.pk).is_active


def test_the_page_says_why_it_cannot_be_changed(pages: Pages, otto: User, ada: User) -> None:
    page = pages(otto).get(page_of(ada)).content.decode()

    assert "only a superuser changes the roles and how this person signs in" in page
    assert "Set a one-time password" not in page
    assert "approve payouts" in page


def test_a_superuser_does_and_it_is_kept_who_it_was(pages: Pages, root: User, ada: User) -> None:
    save(pages(root), ada, email="ada@example.com", username="ada2")

    kept = CredentialChange.objects.filter(user=ada, by=root).values_list("kind", flat=True)
    assert set(kept) == {"email", "username"}


# --- Passwords made by others


def one_time_password(browser: Client, person: User) -> str:
    address = f"/admin/auth/user/{person.pk}/password/"
    assert "Set a one-time password" in browser.get(address).content.decode()
    answer = browser.post(address, {"reason": "forgotten"})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return str(answer.context["password"])


def test_a_one_time_password_is_shown_once_and_kept_nowhere(
    pages: Pages, otto: User, vera: User, caplog: pytest.LogCaptureFixture
) -> None:
    password = one_time_password(pages(otto), vera)

    assert User.objects.get(pk=vera.pk).check_password(password)
    assert password not in pages(otto).get(page_of(vera)).content.decode()
    assert password not in caplog.text
    entry = AuditEntry.objects.get(action="one-time password set")
    assert password not in f"{entry.details} {entry.reason}"
    assert (entry.actor, entry.target_id, entry.reason) == (otto, str(vera.pk), "forgotten")


def test_it_ends_all_sessions_of_that_person(pages: Pages, otto: User, vera: User) -> None:
    hers = pages(vera)
    assert hers.get("/admin/").status_code == 200

    one_time_password(pages(otto), vera)

    assert hers.get("/admin/").status_code == 302


def test_it_can_be_used_for_three_days(otto: User, vera: User, clock: Any) -> None:
    password = credentials.set_one_time_password(vera, by=otto)
    client = Client()

    def sign_in() -> int:
        return client.post("/account/login/", {"login": "vera", "password": password}).status_code

    clock.advance(days=3, minutes=1)

    assert sign_in() == 200
    clock.advance(days=-1)
    assert sign_in() == 302


def test_who_signs_in_with_it_chooses_another_one_before_anything_else(otto: User, vera: User) -> None:
    password = credentials.set_one_time_password(vera, by=otto)
    client = Client()
    client.post("/account/login/", {"login": "vera", "password": password})
    page = "/account/new-password/"

    assert client.get("/admin/bindings/ecoaccount/")["Location"] == page
    for refused in (password, "short"):
        sent = {"new_password1": refused, "new_password2": refused}
        assert client.post(page, sent).status_code == 200
    own = "entirely-my-own-7"
    assert client.post(page, {"new_password1": own, "new_password2": own})["Location"] == "/admin/"

    assert client.get("/admin/bindings/ecoaccount/").status_code == 200
    assert not OneTimePassword.objects.exists()
    assert CredentialChange.objects.filter(user=vera).latest("pk").by == vera
    assert client.get(page)["Location"] == "/admin/"


def test_nobody_sets_one_for_the_own_account(pages: Pages, otto: User, root: User) -> None:
    for person in (otto, root):
        assert pages(person).post(f"/admin/auth/user/{person.pk}/password/").status_code == 403


def test_who_makes_a_person_gives_name_and_roles_and_reads_the_password_once(
    pages: Pages, otto: User
) -> None:
    sent = {"username": "xiaoli", "full_name": "李雷", "groups": [role("auditor").pk]}

    answer = pages(otto).post("/admin/auth/user/add/", sent)

    person = User.objects.get(username="xiaoli")
    assert (person.is_staff, str(person)) == (True, "李雷")
    assert roles_of(person) == {role("auditor")}
    assert person.check_password(answer.context["password"])
    assert OneTimePassword.objects.get(user=person).set_by == otto


# --- What the audit says


def details_of(browser: Client, entry: AuditEntry) -> str:
    return browser.get(f"/admin/desk/auditentry/{entry.pk}/change/").content.decode()


def test_the_audit_says_which_roles_before_and_after(pages: Pages, otto: User, vera: User) -> None:
    save(pages(otto), vera, groups=[role("auditor").pk])

    entry = AuditEntry.objects.get(action="changed", target_id=str(vera.pk))
    told = {"before": [role("vendor_operator").name], "after": [role("auditor").name]}
    assert entry.details["rights"] == told
    page = details_of(pages(otto), entry)
    assert f"<dt>given</dt><dd>{role('auditor').name}</dd>" in page
    assert f"<dt>taken away</dt><dd>{role('vendor_operator').name}</dd>" in page


def test_the_audit_says_which_permissions_of_a_role_in_the_language_of_the_reader(
    pages: Pages, otto: User, root: User
) -> None:
    auditor = role("auditor")
    kept = [permission.pk for permission in auditor.permissions.all()]
    address = f"/admin/auth/group/{auditor.pk}/change/"
    approve = Permission.objects.get(codename="approve_withdrawal")

    pages(root).post(address, {"name": auditor.name, "permissions": [*kept, approve.pk]})

    entry = AuditEntry.objects.get(action="changed", target_id=str(auditor.pk))
    given = "withdrawal: Can approve or reject a withdrawal"
    assert f"<dt>given</dt><dd>{given}</dd>" in details_of(pages(otto), entry)
    chinese = pages(otto)
    chinese.cookies["django_language"] = "zh-hans"
    assert "<dt>授予</dt><dd>提取单：" in details_of(chinese, entry)
    history = pages(otto).get(f"/admin/auth/group/{auditor.pk}/history/").content.decode()
    assert "Can approve or reject a withdrawal" in history


def test_rank_and_leaving_are_told_as_well(pages: Pages, root: User, eve: User) -> None:
    save(pages(root), eve, is_superuser="on")
    save(pages(root), eve, is_superuser="on", is_active=None)

    newest, first = AuditEntry.objects.filter(action="changed", target_id=str(eve.pk))
    assert "superuser: every right" in details_of(pages(root), first)
    assert "cannot sign in" in details_of(pages(root), newest)


# --- Who leaves

DEACTIVATE = "/admin/auth/user/actions/deactivate/"


def chosen(person: User) -> dict[str, Any]:
    return {"_selected_action": [person.pk], "confirmed": "yes", "reason": "has left"}


@pytest.mark.parametrize("who", ["hira", "ada", "vera", "root"])
def test_any_administrator_stops_anybody_at_once(
    request: pytest.FixtureRequest, pages: Pages, otto: User, who: str
) -> None:
    person = request.getfixturevalue(who)
    browser = pages(person)
    his = pages(otto)
    buttons = [each["action"].name for each in his.get(page_of(person)).context["staff_buttons"]]
    assert "deactivate" in buttons

    his.post(DEACTIVATE, chosen(person))

    person.refresh_from_db()
    assert not person.is_active
    assert not person.sessions.exists()
    assert browser.get("/admin/").status_code == 302
    assert not person.payout_rights.filter(ended_at=None).exists()
    entry = AuditEntry.objects.get(action="deactivated")
    assert (entry.actor, entry.target_id, entry.reason) == (otto, str(person.pk), "has left")


def test_nobody_deactivates_the_own_account_and_only_administrators_do(
    pages: Pages, otto: User, hira: User, ada: User
) -> None:
    pages(otto).post(DEACTIVATE, chosen(otto))
    assert pages(hira).post(DEACTIVATE, chosen(ada)).status_code == 403
    assert User.objects.filter(pk__in=[otto.pk, ada.pk], is_active=True).count() == 2


def test_an_administrator_does_not_activate_again_who_pays(pages: Pages, otto: User, hira: User) -> None:
    pages(otto).post(DEACTIVATE, chosen(hira))
    assert save(pages(otto), hira).status_code == 403
    hira.refresh_from_db()
    assert not hira.is_active
