"""Home page, people, errors: what every page has in common."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from hireops.desk import cards
from hireops.desk.roles import ROLES

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]


@pytest.fixture
def no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_card_functions", [])


def test_the_home_page_shows_the_cards_that_concern_the_reader(
    no_cards: None, vera: User, otto: User, client_of: Browser
) -> None:
    cards.register(lambda user: cards.Card("Calls <waiting>", 3, "since noon", "/somewhere/", "warn"))
    cards.register(lambda user: cards.Card("People", 7) if user.has_perm("auth.view_user") else None)

    hers = client_of(vera).get("/admin/").content.decode()
    his = client_of(otto).get("/admin/").content.decode()

    assert "Calls &lt;waiting&gt;" in hers
    assert 'class="card card-warn"' in hers
    assert (hers.count('class="card '), his.count('class="card ')) == (1, 2)


def test_the_menu_begins_with_the_business_and_ends_with_the_plumbing(client_of: Browser) -> None:
    root = User.objects.create_superuser("root")

    apps = [app["app_label"] for app in client_of(root).get("/admin/").context["app_list"]]

    assert set(apps[:2]) == {"referrals", "bindings"}
    assert apps[-2:] == ["desk", "auth"]


def test_the_page_of_an_app_lists_its_pages(otto: User, eve: User, client_of: Browser) -> None:
    assert client_of(otto).get("/admin/auth/").status_code == 200
    assert client_of(eve).get("/admin/auth/").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/auth/user/",
        "/admin/auth/user/add/",
        "/admin/auth/group/{group}/change/",
        "/admin/auth/group/{group}/history/",
        "/admin/auth/group/{group}/delete/",
        "/admin/desk/auditentry/",
        "/admin/nothing/here/",
        "/admin/login/",
    ],
)
def test_a_page_runs_under_the_strictest_policy(path: str, otto: User, client_of: Browser) -> None:
    answer = client_of(otto).get(path.format(group=Group.objects.get(name=ROLES["auditor"]).pk))

    page = answer.content.decode()
    policy = answer["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert not [rule for rule in policy if rule.startswith(("script-src", "style-src"))]
    assert (
        re.findall(
            r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|(?:src|<link[^>]* href)=\"(?:https?:)?//",
            page,
        )
        == []
    )


def test_an_administrator_gives_roles_and_cannot_make_a_superuser(
    otto: User, eve: User, client_of: Browser
) -> None:
    url = f"/admin/auth/user/{eve.pk}/change/"
    auditor = Group.objects.get(name=ROLES["auditor"])
    right = Permission.objects.get(codename="delete_user")
    sent = {"username": "eve", "is_active": "on", "is_staff": "on", "groups": [auditor.pk]}

    answer = client_of(otto).post(url, {**sent, "is_superuser": "on", "user_permissions": [right.pk]})

    eve.refresh_from_db()
    assert answer.status_code == 302
    assert list(eve.groups.all()) == [auditor]
    assert (eve.is_superuser, eve.user_permissions.count()) == (False, 0)


def test_an_administrator_cannot_touch_a_superuser(otto: User, client_of: Browser) -> None:
    root = User.objects.create_superuser("root", password="before-1")
    browser = client_of(otto)
    new = {"password1": "taken-over-1", "password2": "taken-over-1", "usable_password": "true"}

    assert browser.post(f"/admin/auth/user/{root.pk}/change/", {"username": "x"}).status_code == 403
    assert browser.post(f"/admin/auth/user/{root.pk}/password/", new).status_code == 403
    assert browser.post(f"/admin/auth/user/{root.pk}/delete/", {"post": "yes"}).status_code == 403
    browser.post(
        "/admin/auth/user/",
        {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes", "index": "0"},
    )
    browser.post(
        "/admin/auth/user/", {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    )

    root.refresh_from_db()
    assert root.username == "root"
    assert root.check_password("before-1")


def test_permissions_of_a_role_are_named_in_the_language_of_the_reader(
    otto: User, client_of: Browser
) -> None:
    group = Group.objects.get(name=ROLES["auditor"])
    browser = client_of(otto)
    browser.cookies["django_language"] = "en"

    page = browser.get(f"/admin/auth/group/{group.pk}/change/").content.decode()

    offered = re.findall(r'<input type="checkbox" name="permissions" [^>]*aria-label="([^"]*)"', page)
    assert {"Audit entry: view", "Audit entry: Can see personal data in full"} <= set(offered)
    assert [each for each in offered if each.startswith("Session")] == []


@pytest.mark.urls("tests.desk.urls")
@pytest.mark.parametrize(
    ("path", "status", "words"),
    [("/nowhere", 404, "This page does not exist"), ("/broken", 500, "Something went wrong on our side")],
)
def test_an_error_page_explains_and_tells_no_details(path: str, status: int, words: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = "en"

    answer = client.get(path)

    page = answer.content.decode()
    assert answer.status_code == status
    assert words in page
    assert "secret" not in page
    assert "Traceback" not in page


def test_a_forbidden_page_and_a_stale_form_explain_themselves(eve: User, client_of: Browser) -> None:
    browser = client_of(eve)
    browser.cookies["django_language"] = "en"
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["django_language"] = "en"

    assert "You may not do this" in browser.get("/admin/auth/user/").content.decode()
    assert "This form is no longer valid" in strict.post("/language/").content.decode()
