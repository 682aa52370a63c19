"""Signing in with Feishu, from the button of the login page to the desk."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from hireops.desk.models import AuditEntry
from hireops.desk.roles import ROLES
from hireops.feishu.models import Tenant
from tests.people.feishu.conftest import CALLBACK, TENANT, ZHANG, Visitor, query
from tests.simulator_process import APP, Simulator

TOKEN, USER_INFO = "/open-apis/authen/v2/oauth/token", "/open-apis/authen/v1/user_info"
LOGIN = "/account/login/"
BUTTON = 'action="/account/feishu/login/"'


def shown(response: Any) -> str:
    return str(response.content.decode())


def test_who_signs_in_first_becomes_a_person_without_a_role_and_is_told_so(visitor: Visitor) -> None:
    desk = visitor.sign_in()

    assert desk.status_code == 200
    assert "An administrator has to give you a role" in shown(desk)
    person = User.objects.get()
    assert (person.username, person.is_staff, person.is_superuser) == ("张三", True, False)
    assert not person.has_usable_password()
    assert not person.groups.exists()
    assert visitor.person == person


def test_administrators_are_told_on_the_home_page_and_in_the_audit(
    visitor: Visitor, otto: User, client_of: Callable[[User], Client]
) -> None:
    visitor.sign_in()
    administrator = client_of(otto)
    administrator.cookies["django_language"] = "en"
    home = shown(administrator.get("/admin/"))

    assert "People without a role" in home
    address = "/admin/auth/user/?groups__isnull=True&amp;is_superuser__exact=0&amp;is_active__exact=1"
    assert address in home
    assert "张三" in shown(administrator.get(address.replace("&amp;", "&")))
    entry = AuditEntry.objects.get(action="first sign-in with Feishu")
    assert (entry.actor_name, entry.target_label, entry.details) == ("张三", "张三", {"open_id": "ou_zhang"})


def test_the_same_employee_is_the_same_person_the_next_time_whatever_the_contacts(
    visit: Callable[[], Visitor], feishu: Simulator
) -> None:
    visit().sign_in()
    feishu.reset()
    feishu.add_employees({"employee_id": "ou_zhang", "name": "张三丰", "mobile_number": "13900139000"})
    again = visit()
    again.sign_in()

    assert again.person == User.objects.get()
    assert SocialAccount.objects.get().uid == "ou_zhang"


def test_nobody_is_recognised_by_an_email_that_happens_to_be_the_same(visitor: Visitor) -> None:
    owner = User.objects.create_user("owner", email=ZHANG["email"], password="known", is_staff=True)
    visitor.sign_in()

    assert visitor.person != owner
    assert visitor.person is not None
    assert visitor.person.email == ""
    assert SocialAccount.objects.get().user == visitor.person


@pytest.mark.parametrize(
    ("name", "username"),
    [("Ada", "Ada-2"), ("Zhang San", "Zhang.San"), ("@@@", "feishu"), ("ad\u202ea", "ada-2")],
)
def test_a_name_that_is_taken_in_any_spelling_gets_a_number(
    visitor: Visitor, feishu: Simulator, ada: User, name: str, username: str
) -> None:
    feishu.add_employees({"employee_id": "ou_new", "name": name, "mobile_number": "13700137000"})
    visitor.sign_in("ou_new")

    assert visitor.person is not None
    assert visitor.person.username == username


def test_it_goes_on_to_the_page_that_was_asked_for_and_never_to_another_site(
    visit: Callable[[], Visitor],
) -> None:
    assert visit().sign_in(next="/admin/password_change/").request["PATH_INFO"] == "/admin/password_change/"
    assert visit().sign_in(next="https://evil.example/").request["PATH_INFO"] == "/admin/"


def test_no_address_but_ours_is_ever_asked_for(visitor: Visitor) -> None:
    asked = query(visitor.begin(scope="im:message", auth_params="prompt=none", process="connect"))

    assert asked["client_id"] == APP["FEISHU_APP_ID"]
    assert asked["redirect_uri"] == f"http://testserver{CALLBACK}"
    assert set(asked["scope"].split()) == {"contact:user.phone:readonly", "contact:user.email:readonly"}
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len(asked["state"]) >= 16
    assert "prompt" not in asked
    assert visitor.client.post("/account/feishu/login/", HTTP_HOST="evil.example").status_code == 400


def test_contacts_are_left_out_where_a_setting_says_so(visitor: Visitor, settings: Any) -> None:
    settings.FEISHU_SIGN_IN_CONTACTS = False

    assert "scope" not in query(visitor.begin())  # or empty, which is the same


def test_another_page_cannot_begin_a_sign_in(feishu: Simulator) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.get("/account/feishu/login/").status_code == 405
    assert strict.post("/account/feishu/login/").status_code == 403


def test_the_way_to_feishu_needs_no_weaker_policy(visitor: Visitor) -> None:
    page = visitor.client.post("/account/feishu/login/")

    assert page.status_code == 200
    assert "form-action 'self'" in page["Content-Security-Policy"]
    assert "127.0.0.1" not in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]


# --- What must not let anybody in


def refused(visitor: Visitor, response: Any, says: str) -> None:
    assert response.request["PATH_INFO"] == LOGIN
    assert says in shown(response)
    assert visitor.person is None
    assert not User.objects.exists()


def test_a_state_that_was_not_given_here_is_refused(visit: Callable[[], Visitor]) -> None:
    victim, attacker = visit(), visit()
    forged = attacker.agree(attacker.begin())

    refused(victim, victim.return_to(forged), "was not begun here")


def test_a_return_that_is_opened_twice_is_refused(visitor: Visitor) -> None:
    back = visitor.agree(visitor.begin())
    visitor.return_to(back)
    visitor.client.post("/account/logout/")
    again = visitor.return_to(back)

    assert "was not begun here" in shown(again)
    assert visitor.person is None


def test_a_code_that_was_given_to_another_sign_in_is_refused(visit: Callable[[], Visitor]) -> None:
    """The verifier (PKCE) is that of the browser that began."""
    victim, attacker = visit(), visit()
    code = query(attacker.agree(attacker.begin()))["code"]
    state = query(victim.begin())["state"]

    refused(victim, victim.return_to(f"{CALLBACK}?code={code}&state={state}"), "Sign in once more.")


def test_a_code_that_is_too_old_is_refused(visitor: Visitor, feishu: Simulator) -> None:
    back = visitor.agree(visitor.begin())
    feishu.let_pass(301)

    refused(visitor, visitor.return_to(back), "took too long or was used already")


def test_who_does_not_agree_is_told_so(visitor: Visitor) -> None:
    refused(visitor, visitor.return_to(visitor.agree(visitor.begin(), act="refuse")), "You did not agree")


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("server_error", TOKEN),
        ("cut", TOKEN),
        ("html", USER_INFO),
        ("empty", TOKEN),
        ("truncated", USER_INFO),
        ("redirect", USER_INFO),
    ],
)
def test_when_feishu_does_not_answer_the_page_says_what_to_do(
    visitor: Visitor, feishu: Simulator, kind: str, path: str
) -> None:
    back = visitor.agree(visitor.begin())
    feishu.add_fault(kind, path=path)

    refused(visitor, visitor.return_to(back), "Feishu did not answer, so nobody was signed in")


def test_the_page_waits_five_seconds_for_feishu_and_no_longer(
    visitor: Visitor, feishu: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hireops.feishu.authen.PATIENCE_S", 0.2)
    back = visitor.agree(visitor.begin())
    feishu.add_fault("slow", path=TOKEN, seconds=2)

    refused(visitor, visitor.return_to(back), "Feishu did not answer")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (20010, "not available to you in Feishu"),
        (20066, "Your Feishu account is not active"),
        (20069, "not enabled in Feishu"),
        (29999, "refused to sign you in with code 29999"),
    ],
)
def test_what_feishu_refuses_is_said_with_what_to_do(
    visitor: Visitor, feishu: Simulator, code: int, says: str
) -> None:
    back = visitor.agree(visitor.begin())
    feishu.add_fault("refused", path=TOKEN, code=code)

    refused(visitor, visitor.return_to(back), says)


def test_a_deactivated_person_stays_out(visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.client.logout()
    User.objects.update(is_active=False)
    page = visitor.sign_in()

    assert page.request["PATH_INFO"] == "/account/inactive/"
    assert visitor.person is None


def test_people_of_another_company_stay_out(visitor: Visitor, settings: Any) -> None:
    settings.FEISHU_SIGN_IN_TENANT_KEY = "another"

    refused(visitor, visitor.sign_in(), "for another company than the one that runs hireops")


def test_a_custom_app_knows_its_own_company_from_events(visitor: Visitor, settings: Any) -> None:
    settings.FEISHU_SIGN_IN_TENANT_KEY = ""
    refused(visitor, visitor.sign_in(), "does not know yet which company is its own")
    Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key=TENANT)
    visitor.sign_in()

    assert visitor.person is not None


def test_employees_of_customers_of_a_store_app_stay_out(visitor: Visitor, settings: Any) -> None:
    settings.FEISHU_APP_TYPE, settings.FEISHU_SIGN_IN_TENANT_KEY = "store", ""
    Tenant.objects.known(app_id=settings.FEISHU_APP_ID, tenant_key=TENANT)
    refused(visitor, visitor.sign_in(), "FEISHU_SIGN_IN_TENANT_KEY")
    settings.FEISHU_SIGN_IN_TENANT_KEY = "the-vendor"
    refused(visitor, visitor.sign_in(), "for another company")


def test_where_it_is_off_there_is_no_button_and_no_page(client: Client, db: None, settings: Any) -> None:
    settings.FEISHU_SIGN_IN = True
    assert BUTTON in shown(client.get(LOGIN))
    settings.FEISHU_SIGN_IN = False

    assert BUTTON not in shown(client.get(LOGIN))
    assert client.post("/account/feishu/login/").status_code == 404
    assert client.get(f"{CALLBACK}?code=c&state=s").status_code == 404


def test_neither_secret_nor_code_nor_token_reaches_a_log_or_the_database(
    visitor: Visitor, feishu: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    back = visitor.agree(visitor.begin())
    visitor.return_to(back)
    account = SocialAccount.objects.get()

    # What the visitor's own browser asks of Feishu, with a challenge at random, is no log of ours.
    said = [line for line in caplog.messages if "/authen/v1/authorize" not in line]
    assert urlsplit(back).query not in caplog.text
    for secret in (
        query(back)["code"],
        APP["FEISHU_APP_SECRET"],
        ZHANG["mobile_number"],
        ZHANG["email"],
        "u-",
    ):
        assert not [line for line in said if secret in line]
    assert set(account.extra_data) == {"name", "union_id", "tenant_key"}


# --- What holds after any sign-in holds after this one


def test_a_second_factor_that_a_role_requires_is_required_after_feishu_too(
    visit: Callable[[], Visitor], settings: Any
) -> None:
    settings.SECOND_FACTOR_ROLES = ["auditor"]
    visit().sign_in()
    User.objects.get().groups.add(Group.objects.get(name=ROLES["auditor"]))

    assert visit().sign_in().request["PATH_INFO"] == reverse("mfa_index")
    settings.FEISHU_SIGN_IN_IS_SECOND_FACTOR = True
    assert visit().sign_in().request["PATH_INFO"] == "/admin/"


def test_who_has_a_second_factor_is_asked_for_it_after_feishu_too(visit: Callable[[], Visitor]) -> None:
    visit().sign_in()
    totp.TOTP.activate(User.objects.get(), totp.generate_totp_secret())
    visitor = visit()
    page = visitor.sign_in()

    assert page.request["PATH_INFO"] == reverse("mfa_authenticate")
    assert visitor.person is None


def test_refused_sign_ins_are_in_the_audit_and_lock_their_address_and_a_silent_feishu_does_not(
    visitor: Visitor, feishu: Simulator, settings: Any
) -> None:
    settings.LOCK_OUT_TRIES_OF_ADDRESS = 2
    for _ in range(3):
        back = visitor.agree(visitor.begin())
        feishu.add_fault("cut", path=TOKEN)
        refused(visitor, visitor.return_to(back), "Feishu did not answer")
    assert not AuditEntry.objects.filter(action="was locked out").exists()
    for _ in range(2):
        visitor.return_to(f"{CALLBACK}?code=made-up&state={query(visitor.begin())['state']}")
    before = len(feishu.state("calls")["calls"])

    refused(visitor, visitor.return_to(visitor.agree(visitor.begin())), "Too many wrong tries.")
    assert len(feishu.state("calls")["calls"]) == before
    assert AuditEntry.objects.filter(action="was wrong at signing in").exists()
    assert AuditEntry.objects.get(action="was locked out").details["address"] == "127.0.0.1"
