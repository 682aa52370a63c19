"""Where mail is configured a person gets a new password alone; where not, nobody is offered it."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from hireops.desk.models import AuditEntry
from tests.people.conftest import PASSWORD, english, sign_in

pytestmark = pytest.mark.django_db

FORGOTTEN = "/account/password/"
NEW = {"password1": "a-new-staple-9", "password2": "a-new-staple-9"}


@pytest.fixture
def with_mail(settings) -> None:
    settings.MAIL = True


def link_in_the_mail() -> str:
    found = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    assert found
    return found.group(1)


def test_without_mail_there_is_neither_link_nor_page(client: Client, db: None) -> None:
    assert FORGOTTEN not in client.get("/account/login/").content.decode()
    assert client.get(FORGOTTEN).status_code == 404
    assert client.get(f"{FORGOTTEN}1-set-password/").status_code == 404


@pytest.mark.parametrize(
    ("language", "words"), [("en", "forgotten the password of mei"), ("zh-hans", "忘记了")]
)
def test_a_person_chooses_a_new_password_by_the_link_in_a_mail(
    with_mail: None, client: Client, mei: User, language: str, words: str
) -> None:
    client.cookies["django_language"] = language
    assert FORGOTTEN in client.get("/account/login/").content.decode()
    answer = client.post(FORGOTTEN, {"email": "Mei@example.com"}, follow=True)
    assert answer.status_code == 200
    assert words in str(mail.outbox[0].body)

    link = link_in_the_mail()
    form = client.get(link)["Location"]
    assert client.get(form).status_code == 200
    client.post(form, NEW)

    assert sign_in(Client(), password=PASSWORD) == ""
    assert sign_in(Client(), password=NEW["password1"]) == "/admin/"
    assert AuditEntry.objects.filter(action="chose a new password", actor=mei).count() == 1
    assert client.get(link, follow=True).context["token_fail"]


def test_nobody_learns_which_addresses_are_known(with_mail: None, client: Client, mei: User) -> None:
    answers = [client.post(FORGOTTEN, {"email": each}) for each in ("mei@example.com", "no@example.com")]
    assert [answer["Location"] for answer in answers] == [f"{FORGOTTEN}sent/"] * 2
    assert [each.to for each in mail.outbox] == [["mei@example.com"]]


def test_who_has_no_password_gets_none_this_way(with_mail: None, client: Client, mei: User) -> None:
    mei.set_unusable_password()
    mei.save()
    client.post(FORGOTTEN, {"email": "mei@example.com"})
    assert mail.outbox == []


def test_only_so_many_mails_are_sent(with_mail: None, client: Client, mei: User) -> None:
    english(client)
    for _time in range(8):
        page = client.post(FORGOTTEN, {"email": "mei@example.com"})
    assert len(mail.outbox) == 5
    assert "Too many" in page.content.decode()


def test_addresses_of_one_network_are_counted_together(with_mail: None, mei: User) -> None:
    for number in range(12):
        User.objects.create_user(f"p{number}", email=f"p{number}@example.com", password=PASSWORD)
        sender = Client(REMOTE_ADDR=f"2001:db8:1:2::{number}")
        sender.post(FORGOTTEN, {"email": f"p{number}@example.com"})
    assert len(mail.outbox) == 5


def test_a_mail_server_that_is_down_shows_nothing_and_is_logged(
    with_mail: None, client: Client, mei: User, settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert client.post(FORGOTTEN, {"email": "mei@example.com"})["Location"] == f"{FORGOTTEN}sent/"
    assert "a mail was not sent (ConnectionRefusedError)" in caplog.text
    assert "mei@" not in caplog.text
