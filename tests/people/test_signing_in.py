"""Getting in: through the admin's own address, to the page that was asked for, by user name or address."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.people.conftest import PASSWORD, sign_in

pytestmark = pytest.mark.django_db


def test_the_admin_asks_who_one_is_and_then_shows_the_page_that_was_asked_for(
    client: Client, mei: User
) -> None:
    answer = client.get("/admin/password_change/", follow=True)
    assert [url for url, _status in answer.redirect_chain] == [
        "/admin/login/?next=/admin/password_change/",
        "/account/login/?next=%2Fadmin%2Fpassword_change%2F",
    ]
    assert 'name="next" value="/admin/password_change/"' in answer.content.decode()

    assert sign_in(client, "mei", PASSWORD, next="/admin/password_change/") == "/admin/password_change/"
    assert client.get("/admin/password_change/").status_code == 200


def test_an_address_that_two_have_lets_nobody_in(client: Client, mei: User) -> None:
    User.objects.create_user("mei2", email="mei@example.com", password="another-horse-8")
    assert sign_in(client, "mei@example.com") == ""
    assert sign_in(client, "mei") == "/admin/"


@pytest.mark.parametrize("name", ["mei", "MEI", "mei@example.com", " mei "])
def test_a_person_is_known_by_user_name_or_email_address(client: Client, mei: User, name: str) -> None:
    assert sign_in(client, name, PASSWORD) == "/admin/"


@pytest.mark.parametrize(("name", "password"), [("mei", "wrong"), ("nobody", PASSWORD), ("mei", "")])
def test_whoever_gets_it_wrong_stays_outside_and_learns_nothing(
    client: Client, mei: User, name: str, password: str
) -> None:
    assert sign_in(client, name, password) == ""
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:1"])
def test_signing_in_leads_to_no_other_site(client: Client, mei: User, elsewhere: str) -> None:
    assert sign_in(client, "mei", PASSWORD, next=elsewhere) == "/admin/"


def test_who_was_switched_off_is_told_so_and_stays_outside(client: Client, mei: User) -> None:
    User.objects.update(is_active=False)

    assert sign_in(client, "mei", PASSWORD) == "/account/inactive/"
    assert client.get("/account/inactive/").status_code == 200
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "page", ["signup/", "email/", "password/set/", "password/", "login/code/", "3rdparty/signup/", ""]
)
def test_pages_of_the_library_that_hireops_has_no_use_for_are_none(client: Client, page: str) -> None:
    assert client.get(f"/account/{page}").status_code == 404


def test_nobody_edits_second_factors_or_tokens_in_the_admin() -> None:
    root = User.objects.create_superuser("root")
    client = Client()
    client.force_login(root)
    assert {app["app_label"] for app in client.get("/admin/").context["app_list"]}.isdisjoint(
        {"account", "mfa", "socialaccount"}
    )
