"""Beside the password: an authenticator app, recovery codes, keys; and who cannot do without."""

import json
import re
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.test import Client

from hireops.desk.models import AuditEntry
from tests.people.conftest import PASSWORD, Phone, english, sign_in

pytestmark = pytest.mark.django_db

ASKED = "/account/2fa/authenticate/"
OVERVIEW = "/account/2fa/"
SETTING_UP = "/account/2fa/totp/activate/"


@pytest.fixture
def approvers_need_one(settings) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset({"hr_approver", "administrator"})


def set_up(client: Client) -> Phone:
    page = client.get(SETTING_UP).content.decode()
    found = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page)
    assert found, page
    phone = Phone(found.group(1))
    answer = client.post(SETTING_UP, {"code": phone.code()})
    assert answer["Location"] == "/account/2fa/codes/"
    return phone


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<li><code>(\d+)</code></li>", client.get("/account/2fa/codes/").content.decode())


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Type the code that your authenticator app"), ("zh-hans", "身份验证器")]
)
def test_after_the_password_the_code_is_asked_for(
    client: Client, mei: User, her_phone: Phone, language: str, words: str
) -> None:
    client.cookies["django_language"] = language
    assert sign_in(client, next="/admin/password_change/") == ASKED
    assert words in client.get(ASKED).content.decode()
    assert client.get("/admin/").status_code == 302

    answer = client.post(ASKED, {"code": her_phone.code()})

    assert answer["Location"] == "/admin/password_change/"
    assert client.get("/admin/").status_code == 200


def test_a_code_is_good_once(client: Client, mei: User, her_phone: Phone) -> None:
    code = her_phone.code()
    for browser, leads_on in ((client, 302), (Client(), 200)):
        sign_in(browser)
        assert browser.post(ASKED, {"code": code}).status_code == leads_on


@pytest.mark.parametrize("spelling", ["-{}", "{}-", "{0:.1} {0:.5}", "{}_", "{}\u0660", "０{}"])
def test_a_code_is_six_digits_and_nothing_else(mei: User, her_phone: Phone, spelling: str) -> None:
    client = Client()
    sign_in(client)
    assert client.post(ASKED, {"code": spelling.format(her_phone.code())}).status_code == 200
    assert client.post(ASKED, {"code": f" {her_phone.code()}\t"}).status_code == 302


def test_a_time_step_is_used_once_also_when_the_library_has_forgotten_it(
    client: Client, mei: User, her_phone: Phone
) -> None:
    code = her_phone.code()
    for browser, leads_on in ((client, 302), (Client(), 200)):
        cache.clear()  # as after the library's 30 s, or on another host
        sign_in(browser)
        assert browser.post(ASKED, {"code": code}).status_code == leads_on


def test_the_code_of_setting_up_lets_nobody_in_again(client: Client, mei: User) -> None:
    sign_in(client)
    phone = set_up(client)
    other = Client()
    assert sign_in(other) == ASKED
    assert other.post(ASKED, {"code": phone.code()}).status_code == 200
    assert other.post(ASKED, {"code": phone.code(steps_later=1)}).status_code == 302


NO_KEYS = ["false", "0", "0.0", "null", "[]", "{}", '""', "7", '"key"', '{"id": "x"}', '{"response": {}}']


@pytest.mark.parametrize("credential", NO_KEYS)
def test_what_is_no_security_key_is_refused(client: Client, mei: User, credential: str) -> None:
    sign_in(client)
    answer = client.post(f"{OVERVIEW}keys/add/", {"name": "key", "credential": credential})
    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("credential", NO_KEYS)
def test_what_is_no_security_key_lets_nobody_in(mei: User, her_phone: Phone, credential: str) -> None:
    stranger, half_in = Client(), Client()
    stranger.get(f"{OVERVIEW}keys/login/", headers={"accept": "application/json"})
    sign_in(half_in)
    half_in.get(ASKED)
    assert stranger.post(f"{OVERVIEW}keys/login/", {"credential": credential}).status_code == 302
    assert half_in.post(ASKED, {"credential": credential}).status_code == 200
    assert {browser.get("/admin/").status_code for browser in (stranger, half_in)} == {302}


def test_a_stored_key_that_cannot_be_read_counts_for_nothing_and_locks_nobody_out(
    approvers_need_one: None, ada: User, her_phone: Phone, mei: User
) -> None:
    ada.set_password(PASSWORD)
    ada.save()
    for person in (ada, mei):
        Authenticator.objects.create(user=person, type="webauthn", data={"name": "k", "credential": False})

    has_no_other, has_a_phone = Client(), Client()
    assert sign_in(has_no_other, "ada") == "/admin/"
    assert has_no_other.get("/admin/")["Location"] == OVERVIEW
    assert has_no_other.get(f"{OVERVIEW}keys/").status_code == 200
    assert sign_in(has_a_phone) == ASKED
    assert has_a_phone.get(ASKED).status_code == 200
    assert has_a_phone.post(ASKED, {"code": her_phone.code()}).status_code == 302


def test_a_phone_whose_clock_is_half_a_minute_off_is_good_enough(mei: User, her_phone: Phone) -> None:
    for steps, leads_on in ((-1, 302), (1, 302), (4, 200)):
        client = Client()
        sign_in(client)
        assert client.post(ASKED, {"code": her_phone.code(steps_later=steps)}).status_code == leads_on


def test_a_person_sets_one_up_and_keeps_codes_for_the_day_when_the_phone_is_lost(
    client: Client, mei: User
) -> None:
    sign_in(english(client))
    set_up(client)
    codes = recovery_codes(client)
    assert len(set(codes)) == 10
    assert codes[0] in client.get("/account/2fa/codes/download/").content.decode()

    for leads_on in (302, 200):  # each code works once
        other = Client()
        assert sign_in(other) == ASKED
        assert other.post(ASKED, {"code": codes[0]}).status_code == leads_on


def test_secrets_are_of_no_use_to_who_reads_the_database(client: Client, mei: User) -> None:
    sign_in(client)
    phone = set_up(client)
    codes = recovery_codes(client)
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert phone.secret not in stored
    assert not [code for code in codes if code in stored]


def test_what_was_sealed_with_a_key_that_is_gone_lets_nobody_in(
    client: Client, mei: User, her_phone: Phone, settings
) -> None:
    settings.SECRET_KEY = "another key that has never sealed anything"
    sign_in(client)
    assert client.post(ASKED, {"code": her_phone.code()}).status_code == 200
    assert client.get("/admin/").status_code == 302


def test_a_role_may_need_one_and_its_people_are_led_through_setting_it_up(
    approvers_need_one: None, ada: User
) -> None:
    ada.set_password(PASSWORD)
    ada.save()
    client = english(Client())
    assert sign_in(client, "ada", next="/admin/referrals/withdrawal/") == "/admin/referrals/withdrawal/"
    for page in ("/admin/", "/admin/referrals/withdrawal/", "/admin/auth/user/"):
        assert client.get(page)["Location"] == OVERVIEW
    assert client.post("/admin/referrals/withdrawal/actions/approve/", {})["Location"] == OVERVIEW
    assert "What you may do needs a second factor" in client.get(OVERVIEW).content.decode()

    set_up(client)

    assert client.get("/admin/referrals/withdrawal/").status_code == 200
    assert "needs a second factor" not in client.get(OVERVIEW).content.decode()


def test_who_lacks_it_can_still_leave_and_read_in_both_languages(
    approvers_need_one: None, ada: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(ada)
    assert client.post("/language/", {"language": "en", "next": OVERVIEW})["Location"] == OVERVIEW
    assert client.get("/healthz").status_code == 200
    client.post("/admin/logout/")
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(
    ("who", "status"), [("ada", 302), ("otto", 302), ("hira", 302), ("vera", 302), ("audrey", 200)]
)
def test_of_the_roles_only_the_auditor_needs_none(
    approvers_need_one: None,
    request: pytest.FixtureRequest,
    client_of: Callable[[User], Client],
    who: str,
    status: int,
) -> None:
    assert client_of(request.getfixturevalue(who)).get("/admin/").status_code == status


NEEDING = [
    "referrals.approve_withdrawal",
    "referrals.add_payoutbatch",
    "referrals.record_payment",
    "auth.change_user",
    "auth.change_group",
    "people.add_invitation",
    "people.let_in",
    "desk.view_personal_data",
    "bindings.view_examaccess",
]


@pytest.mark.usefixtures("approvers_need_one", "delayed")
@pytest.mark.parametrize("right", NEEDING)
@pytest.mark.parametrize("way", ["a role of one's own", "given to the person"])
def test_a_right_needs_one_however_it_came(
    eve: User,
    client_of: Callable[[User], Client],
    right: str,
    way: str,
) -> None:
    label, codename = right.split(".")
    permission = Permission.objects.get(content_type__app_label=label, codename=codename)
    if way == "given to the person":
        eve.user_permissions.add(permission)
    else:
        group = Group.objects.create(name=way)
        group.permissions.add(permission)
        eve.groups.add(group)
    assert client_of(eve).get("/admin/").headers.get("Location") == OVERVIEW


def test_a_role_that_was_renamed_needs_one_as_before(
    approvers_need_one: None, ada: User, client_of: Callable[[User], Client]
) -> None:
    Group.objects.filter(user=ada).update(name="Geldfreigabe")
    assert client_of(ada).get("/admin/").headers.get("Location") == OVERVIEW


def test_a_role_that_the_setting_names_needs_one_whatever_it_may_do(
    settings, audrey: User, client_of: Callable[[User], Client]
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset({"auditor"})
    assert client_of(audrey).get("/admin/").headers.get("Location") == OVERVIEW


def test_nobody_needs_one_where_that_is_switched_off(
    settings, ada: User, client_of: Callable[[User], Client]
) -> None:
    settings.SECOND_FACTOR_ROLES = frozenset()
    assert client_of(ada).get("/admin/").status_code == 200


def test_superusers_need_one_where_anybody_does(
    approvers_need_one: None, client_of: Callable[[User], Client]
) -> None:
    assert client_of(User.objects.create_superuser("root")).get("/admin/").status_code == 302


def test_an_administrator_removes_those_of_who_has_lost_them(
    mei: User, her_phone: Phone, otto: User, client_of: Callable[[User], Client]
) -> None:
    action = "/admin/auth/user/actions/remove_second_factors/"
    sent = {"_selected_action": [mei.pk], "confirmed": "yes"}
    assert "reason" in client_of(otto).post(action, sent).content.decode()
    assert sign_in(Client()) == ASKED

    client_of(otto).post(action, {**sent, "reason": "her phone fell into the river"})

    assert sign_in(Client()) == "/admin/"
    entry = AuditEntry.objects.get(action="removed the second factors")
    assert (entry.actor, entry.target_id, entry.details) == (otto, str(mei.pk), {"types": ["totp"]})


def test_nobody_removes_those_of_a_superuser_but_a_superuser(
    otto: User, client_of: Callable[[User], Client]
) -> None:
    root = User.objects.create_superuser("root")
    Authenticator.objects.create(user=root, type="totp", data={"secret": "x"})
    sent = {"_selected_action": [root.pk], "confirmed": "yes", "reason": "I want in"}
    client_of(otto).post("/admin/auth/user/actions/remove_second_factors/", sent)
    assert Authenticator.objects.count() == 1


def test_the_audit_knows_what_a_person_signed_in_with(client: Client, mei: User, her_phone: Phone) -> None:
    sign_in(client)
    client.post(ASKED, {"code": her_phone.code()})
    client.post("/admin/logout/")

    entries = AuditEntry.objects.order_by("id")
    assert [entry.action for entry in entries] == ["used a second factor", "signed in", "signed out"]
    assert entries[1].details == {"by_means_of": ["password", "totp"], "address": "127.0.0.1"}
    assert {entry.actor for entry in entries} == {mei}


@pytest.mark.parametrize(
    "page",
    [
        "",
        "totp/activate/",
        "totp/deactivate/",
        "codes/",
        "codes/generate/",
        "codes/download/",
        "keys/",
        "keys/add/",
    ],
)
def test_a_stranger_is_asked_who_they_are(client: Client, db: None, page: str) -> None:
    assert client.get(OVERVIEW + page)["Location"].startswith("/account/login/")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "page", ["", "totp/activate/", "totp/deactivate/", "codes/", "codes/generate/", "keys/", "keys/add/"]
)
def test_pages_of_second_factors_run_under_the_strictest_policy(
    client: Client, mei: User, her_phone: Phone, page: str, language: str
) -> None:
    client.cookies["django_language"] = language
    if page == "totp/activate/":
        Authenticator.objects.all().delete()
    client.force_login(mei)
    if page == "codes/":
        client.post(f"{OVERVIEW}codes/generate/")
    answer = client.get(OVERVIEW + page)
    assert answer.status_code == 200
    assert_strict(answer.content.decode())
    assert "default-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("page", ["/account/login/", ASKED])
def test_pages_before_signing_in_run_under_it_too(
    client: Client, mei: User, her_phone: Phone, page: str
) -> None:
    if page == ASKED:
        sign_in(client)
    assert_strict(client.get(page).content.decode())


def assert_strict(page: str) -> None:
    """A block of data is no script: browsers do not run it."""
    page = re.sub(r"<script [^>]*type=\"application/json\">", "", page)
    assert re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", page) == []
