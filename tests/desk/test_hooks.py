"""What an admin class says of its pages, and the base does: context, titles, pages of its own, searches."""

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.http import HttpRequest
from django.test import Client

from hireops.desk.staff import staff
from tests.searching import found, search

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]

PEOPLE = "/admin/auth/user/"
SUMMARY = f"{PEOPLE}night/summary/"
GREET = f"{PEOPLE}actions/greet/"


@pytest.fixture
def mo(client: Client) -> User:
    """Signed in, with pages in English, and without any right."""
    person = User.objects.create_user("mo", is_staff=True)
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return person


@pytest.fixture
def boss() -> User:
    return User.objects.create_user("boss", email="boss@example.com")


def allow(person: User, *codenames: str) -> None:
    person.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


def page_of(person: User) -> str:
    return f"{PEOPLE}{person.pk}/change/"


def names_found(client: Client, term: str) -> list[str]:
    return [each.username for each in found(search(client, PEOPLE, term))]


# --- Context


def test_a_list_shows_what_its_class_says(client: Client, mo: User) -> None:
    allow(mo, "view_user")
    assert client.get(PEOPLE).context["looking"] == "mo at all"


def test_a_page_shows_what_its_class_says_of_the_object(client: Client, mo: User) -> None:
    allow(mo, "view_user")
    context = client.get(page_of(mo)).context
    assert (context["looking"], context["title"]) == ("mo at mo", "mo")


def test_a_class_may_give_its_pages_another_title(client: Client, mo: User, boss: User) -> None:
    allow(mo, "view_user")
    assert client.get(page_of(boss)).context["title"] == "The boss"


def test_a_page_that_is_not_to_be_seen_or_of_nobody_is_none(client: Client, mo: User, boss: User) -> None:
    assert client.get(page_of(boss)).status_code == 403
    allow(mo, "view_user")
    assert client.get(f"{PEOPLE}999999/change/").status_code == 302


# --- Pages of its own


def test_a_page_of_its_own_has_the_frame_of_all_pages(client: Client, mo: User) -> None:
    allow(mo, "view_user", "view_group")
    answer = client.get(SUMMARY)
    assert (answer.status_code, answer.context["looking"]) == (200, mo)
    page = answer.content.decode()
    assert "Team night" in page
    assert f'<a href="{PEOPLE}">Users</a>' in page


@pytest.mark.parametrize("rights", [(), ("view_user",), ("view_group",)])
def test_a_page_of_its_own_is_for_who_has_its_permission_and_sees_the_rows(
    client: Client, mo: User, rights: tuple[str, ...]
) -> None:
    allow(mo, *rights)
    assert client.get(SUMMARY).status_code == 403


def test_nobody_reaches_a_page_without_signing_in(client: Client) -> None:
    answer = client.get(SUMMARY)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={SUMMARY}")


# --- Actions


def test_an_action_knows_who_does_it(client: Client, mo: User, boss: User) -> None:
    allow(mo, "view_user", "change_user")
    client.post(GREET, {"_selected_action": [boss.pk], "confirmed": "yes", "reason": ""})
    assert User.objects.get(username="boss").first_name == "greeted by mo"


def test_an_action_may_be_confirmed_on_a_page_of_its_own(client: Client, mo: User, boss: User) -> None:
    allow(mo, "view_user", "change_user")
    answer = client.post(GREET, {"_selected_action": [boss.pk]})
    assert answer.context["left"] == "greet: boss"
    page = answer.content.decode()
    assert "There is a balance left." in page
    assert "These people will be greeted." in page


def test_a_class_may_offer_no_actions_on_some_pages(client: Client, mo: User, boss: User) -> None:
    allow(mo, "view_user", "change_user")
    buttons = client.get(page_of(boss)).context["staff_buttons"]
    assert [each["action"].name for each in buttons] == ["greet"]
    assert client.get(page_of(mo)).context["staff_buttons"] == []


# --- Searches


def test_a_class_may_say_which_values_a_search_looks_for(client: Client, mo: User, boss: User) -> None:
    allow(mo, "view_user")
    assert names_found(client, "bo") == ["boss"]
    assert names_found(client, "BOSS@example.com") == ["boss"]
    assert names_found(client, "oss") == []


# --- The person


def test_who_has_not_signed_in_is_nobody_of_the_staff() -> None:
    request = HttpRequest()
    request.user = AnonymousUser()
    with pytest.raises(TypeError):
        staff(request)
