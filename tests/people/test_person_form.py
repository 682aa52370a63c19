"""A person is made by one form, and is called by name from then on; what a role may do is said in words."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hireops.desk.audit import record
from hireops.people.models import CredentialChange, Invitation, OneTimePassword
from tests.people.conftest import english, role

pytestmark = pytest.mark.django_db

ADD = "/admin/auth/user/add/"
Browsers = Callable[[User], Client]


@pytest.fixture
def pages(client_of: Browsers, settings: Any) -> Browsers:
    settings.FEISHU_SIGN_IN = True
    return lambda person: english(client_of(person))


def sent(*roles: str, **more: str) -> dict[str, Any]:
    person = {"full_name": "李雷", "username": "lilei", "groups": [role(name).pk for name in roles]}
    return {**person, "first_sign_in": "feishu", **more}


def test_the_same_form_invites_a_person_who_signs_in_with_feishu_and_has_no_password(
    pages: Browsers, otto: User
) -> None:
    answer = pages(otto).post(ADD, sent("vendor_operator", mobile="138 0013 8000"))

    person = User.objects.get(username="lilei")
    assert answer.headers["Location"] == f"/admin/auth/user/{person.pk}/change/"
    assert (str(person), person.is_staff, person.has_usable_password()) == ("李雷", True, False)
    assert list(person.groups.all()) == [role("vendor_operator")]
    invitation = Invitation.objects.get()
    assert (invitation.person, invitation.mobile, invitation.state) == (person, "+8613800138000", "open")
    assert not OneTimePassword.objects.exists()
    assert CredentialChange.objects.get(user=person).kind == "account"


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        (sent, "Enter a mobile number or an email."),
        (lambda: sent(mobile="12"), "This is no mobile number."),
        (lambda: sent("hr_approver", email="lilei@example.com"), "is invited by two people"),
        (lambda: sent(full_name="", email="lilei@example.com"), "This field is required."),
    ],
)
def test_what_can_not_be_an_invitation_is_said_at_once_and_nobody_is_made(
    pages: Browsers, otto: User, form: Callable[[], dict[str, Any]], complaint: str
) -> None:
    answer = pages(otto).post(ADD, form())

    assert complaint in answer.content.decode()
    assert not User.objects.filter(username="lilei").exists()
    assert not Invitation.objects.exists()


def test_the_form_has_no_staff_status_and_says_beside_each_role_what_it_may_do(
    pages: Browsers, otto: User
) -> None:
    page = pages(otto).get(ADD).content.decode()

    assert 'name="is_staff"' not in page
    assert "makes a one-time password" not in page  # one of two ways, each beside its button
    details = r"<summary>What ([^<]*) may do</summary>(.*?)</details>"
    beside = dict(re.findall(details, page, re.DOTALL))
    assert beside.keys() == {"HR officer", "HR approver", "Vendor operator", "Auditor", "Administrator"}
    assert '<th scope="row">Withdrawal</th><td><span class="right">view</span>' in beside["HR approver"]
    assert "Withdrawal" not in beside["Vendor operator"]


def test_the_page_of_a_role_says_by_noun_what_it_may_do_and_who_has_it(
    pages: Browsers, otto: User, vera: User
) -> None:
    vera.last_name = "陈小薇"
    vera.save()

    page = pages(otto).get(f"/admin/auth/group/{role('vendor_operator').pk}/change/").content.decode()

    in_words = re.search(
        r'field-permissions_shown.*?<table class="[^"]*rights-table">(.*?)</table>', page, re.DOTALL
    )
    assert in_words is not None
    assert '<th scope="row">Customer</th><td><span class="right">view</span>' in in_words[1]
    assert ">陈小薇</a>" in page


def test_a_person_is_called_by_name_in_lists_and_in_the_audit_and_found_by_it(
    pages: Browsers, audrey: User, ada: User, otto: User, root: User
) -> None:
    ada.last_name, ada.first_name = "王", "芳"
    ada.save()
    entry = record(by=ada, action="approved", on=otto)
    about_ada = record(by=otto, action="closed", on=ada)
    browser = pages(audrey)

    answer = browser.post("/admin/desk/auditentry/search/", {"q": "王芳"}, follow=True)

    assert list(answer.context["cl"].result_list) == [entry]
    assert re.search(r'<td class="field-actor_shown"[^>]*>王芳 \(ada\)</td>', answer.content.decode())
    assert about_ada.target_label == "王芳 (ada)"
    history = pages(root).get(f"/admin/auth/user/{otto.pk}/history/").content.decode()
    assert "<td>王芳 (ada)</td>" in history
    assert ">王芳</a>" in pages(root).get("/admin/auth/user/").content.decode()


def test_deleting_somebody_names_nothing_that_nobody_has_a_word_for(pages: Browsers, otto: User) -> None:
    eva = User.objects.create_user("eva", is_staff=True)
    eva.groups.add(role("auditor"))

    page = pages(otto).get(f"/admin/auth/user/{eva.pk}/delete/").content.decode()

    assert "User: <a" in page
    assert "User_groups object" not in page
    assert "relationship" not in page
