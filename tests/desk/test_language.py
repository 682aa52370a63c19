"""Chinese unless somebody chose English; the browser has no say."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"


def test_an_english_browser_gets_chinese(client: Client) -> None:
    answer = client.get(LOGIN, headers={"accept-language": "en-US,en;q=0.9"})

    assert answer["Content-Language"] == "zh-hans"
    assert "Cookie" in answer["Vary"]
    assert 'lang="zh-hans"' in answer.content.decode()
    assert "登录" in answer.content.decode()


def test_the_switch_on_the_login_page_is_remembered_and_leads_back(client: Client) -> None:
    answer = client.post("/language/", {"language": "en", "next": "/account/login/?next=/admin/"})

    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/admin/")
    cookie = answer.cookies["django_language"]
    assert (cookie.value, cookie["samesite"], cookie["httponly"]) == ("en", "Lax", True)
    assert "Log in" in client.get(LOGIN).content.decode()

    client.post("/language/", {"language": "zh-hans"})
    assert "登录" in client.get(LOGIN).content.decode()


@pytest.mark.parametrize("language", ["fr", "", "../../etc", "zh"])
def test_a_language_we_do_not_have_changes_nothing(client: Client, language: str) -> None:
    answer = client.post("/language/", {"language": language})

    assert "django_language" not in answer.cookies
    client.cookies["django_language"] = language
    assert client.get(LOGIN)["Content-Language"] == "zh-hans"


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""]
)
def test_the_switch_never_leads_to_another_site(client: Client, back: str) -> None:
    assert client.post("/language/", {"language": "en", "next": back})["Location"] == "/admin/"


def test_the_switch_needs_a_post_of_our_own_form(client: Client) -> None:
    assert client.get("/language/?language=en").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/language/", {"language": "en"}).status_code == 403
