"""Before what cannot be undone a person proves once more who they are, and loses nothing by it."""

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hireops.desk.models import AuditEntry
from hireops.desk.roles import ROLES
from tests.people.conftest import PASSWORD, Phone, english, hidden_fields

pytestmark = pytest.mark.django_db

USERS = "/admin/auth/user/"
REMOVE = f"{USERS}actions/remove_second_factors/"
ASKS = 'id="prove"'


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def browser(root: User, client_of: Callable[[User], Client]) -> Client:
    return english(client_of(root))


def minutes_pass(client: Client, minutes: float) -> None:
    """Since this person has last proved it."""
    session = client.session
    session["proved_at"] = time.time() - minutes * 60
    session.save()


def again(page: str, **proof: str) -> dict[str, str]:
    """The form of the page, as a browser sends it."""
    assert ASKS in page
    return {**hidden_fields(page), **{f"proof-{name}": value for name, value in proof.items()}}


def test_within_fifteen_minutes_of_signing_in_nobody_is_asked(
    browser: Client, mei: User, her_phone: Phone
) -> None:
    minutes_pass(browser, 14.9)
    page = browser.post(REMOVE, {"_selected_action": [mei.pk]}).content.decode()
    assert ASKS not in page
    assert "lost phone" in page


def test_later_the_password_is_asked_for_and_what_was_chosen_is_still_chosen(
    browser: Client, mei: User, her_phone: Phone
) -> None:
    minutes_pass(browser, 15.1)
    page = browser.post(REMOVE, {"_selected_action": [mei.pk], "back": USERS}).content.decode()

    page = browser.post(REMOVE, again(page, password=PASSWORD)).content.decode()

    assert ASKS not in page
    assert ">mei</a></td>" in page
    assert hidden_fields(page)["back"] == USERS
    assert ASKS not in browser.post(REMOVE, {"_selected_action": [mei.pk]}).content.decode()


def test_what_was_typed_on_the_confirmation_is_done_after_the_proof(
    browser: Client, mei: User, her_phone: Phone
) -> None:
    minutes_pass(browser, 60)
    reason = "phone & “keys” <lost>"
    sent = {"_selected_action": [mei.pk], "confirmed": "yes", "reason": reason}
    page = browser.post(REMOVE, sent).content.decode()
    assert not AuditEntry.objects.filter(action="removed the second factors").exists()

    fields = again(page, password=PASSWORD)
    fields["reason"] = fields["reason"].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    assert browser.post(REMOVE, fields).status_code == 302

    assert AuditEntry.objects.get(action="removed the second factors").reason == reason


@pytest.mark.parametrize("proof", ["", "wrong"])
def test_without_the_right_proof_nothing_happens(
    browser: Client, mei: User, her_phone: Phone, proof: str
) -> None:
    minutes_pass(browser, 60)
    sent = {"_selected_action": [mei.pk], "confirmed": "yes", "reason": "x"}
    page = browser.post(REMOVE, {**sent, "proof-password": proof}).content.decode()
    assert ASKS in page
    assert hidden_fields(page)["reason"] == "x"
    assert ("The password is wrong." in page) == bool(proof)
    assert not AuditEntry.objects.filter(action="removed the second factors").exists()


def test_proofs_are_limited_as_signing_in_is(browser: Client, mei: User, her_phone: Phone) -> None:
    minutes_pass(browser, 60)
    sent = {"_selected_action": [mei.pk]}
    for _try in range(5):
        browser.post(REMOVE, {**sent, "proof-password": "wrong"})
    page = browser.post(REMOVE, {**sent, "proof-password": PASSWORD}).content.decode()
    assert "Too many wrong tries" in page


def test_a_code_proves_it_too(
    mei: User, her_phone: Phone, otto: User, client_of: Callable[[User], Client]
) -> None:
    mei.groups.add(Group.objects.get(name=ROLES["administrator"]))
    client = english(client_of(mei))
    minutes_pass(client, 60)
    page = client.post(f"{USERS}{otto.pk}/change/", {"username": "ottokar"}).content.decode()
    assert "Code of your authenticator app" in page
    page = client.post(f"{USERS}{otto.pk}/change/", again(page, code=her_phone.code())).content.decode()
    assert ASKS not in page


def test_rights_are_handed_out_after_a_proof_only_and_looked_at_without_one(
    browser: Client, mei: User
) -> None:
    minutes_pass(browser, 60)
    page_of_mei = f"{USERS}{mei.pk}/change/"
    assert ASKS not in browser.get(page_of_mei).content.decode()
    group = Group.objects.get(name=ROLES["auditor"])
    sent = {"username": "mei", "is_active": "on", "is_staff": "on", "groups": [group.pk]}

    page = browser.post(page_of_mei, sent).content.decode()
    assert not mei.groups.exists()
    browser.post(page_of_mei, again(page, password=PASSWORD))

    assert list(mei.groups.all()) == [group]


@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("/admin/auth/user/add/", {"username": "new"}),
        ("/admin/auth/user/{mei}/delete/", {"post": "yes"}),
        ("/admin/auth/user/{mei}/password/", {"password1": "taken-over-1", "password2": "taken-over-1"}),
        ("/admin/auth/user/", {"action": "delete_selected", "_selected_action": "{mei}", "post": "yes"}),
        ("/admin/auth/group/add/", {"name": "new"}),
        ("/admin/auth/group/1/change/", {"name": "renamed"}),
        ("/admin/auth/group/1/delete/", {"post": "yes"}),
        ("/account/2fa/totp/activate/", {"code": "1"}),
    ],
)
def test_everything_that_gives_or_takes_rights_asks(
    browser: Client, mei: User, page: str, sent: dict[str, str]
) -> None:
    minutes_pass(browser, 60)
    sent = {name: value.format(mei=mei.pk) for name, value in sent.items()}
    assert ASKS in browser.post(page.format(mei=mei.pk), sent).content.decode()


@pytest.mark.parametrize("page", ["prepare/", "1/open/", "1/results/", "payments/1/paid/"])
def test_paying_asks_when_its_page_is_opened_and_leads_there(browser: Client, page: str) -> None:
    minutes_pass(browser, 60)
    address = f"/admin/referrals/payoutbatch/{page}?ids=1"
    shown = browser.get(address).content.decode()

    answer = browser.post(address, again(shown, password=PASSWORD))

    assert (answer.status_code, answer["Location"]) == (302, address)
    assert ASKS not in browser.get(address).content.decode()


def test_a_file_is_asked_for_once_more(browser: Client) -> None:
    minutes_pass(browser, 60)
    file = SimpleUploadedFile("results.csv", b"a,b")
    page = browser.post("/admin/referrals/payoutbatch/1/results/", {"file": file}).content.decode()
    assert "Only the file has to be chosen once more" in page


def test_approving_asks(ada: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(ada)
    minutes_pass(client, 60)
    page = client.post("/admin/referrals/withdrawal/actions/approve/", {"_selected_action": [1]})
    assert ASKS in page.content.decode()
    assert "确认是您本人" in page.content.decode()


def test_without_the_right_nobody_is_even_asked(eve: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(eve)
    minutes_pass(client, 60)
    assert client.post(REMOVE, {"_selected_action": [eve.pk]}).status_code == 403


def test_who_has_nothing_to_prove_it_with_is_told_to_log_in_again(
    ada: User, client_of: Callable[[User], Client]
) -> None:
    ada.set_unusable_password()
    ada.save()
    client = english(client_of(ada))
    minutes_pass(client, 60)
    page = client.post("/admin/referrals/withdrawal/actions/approve/", {"_selected_action": [1]})
    assert "Log out and in again" in page.content.decode()
