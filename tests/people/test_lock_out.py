"""Who has been wrong too often waits, is told how long, and can be let in again."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from hireops.database import clock as database_clock
from hireops.desk.models import AuditEntry
from hireops.people import checks, hashing, limits, tasks
from hireops.people.models import Session, Tally
from tests.clocks import Clock
from tests.people.conftest import PASSWORD, Phone, complaint, english, sign_in
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

WRONG = "The user name or the password is wrong."


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def offered(client: Client, page: str) -> list[str]:
    return [button["action"].name for button in client.get(page).context["staff_buttons"]]


def test_after_five_wrong_passwords_the_right_one_does_not_help_either(
    client: Client, mei: User, clock: Clock
) -> None:
    english(client)
    assert [complaint(client) for _try in range(5)] == [WRONG] * 5

    said = complaint(client, password=PASSWORD)
    assert "Too many wrong tries. You can try again in 15 min" in said

    clock.advance(minutes=14)
    assert "in 1 min" in complaint(client, password=PASSWORD)
    clock.advance(minutes=1)
    assert sign_in(client) == "/admin/"


def test_it_is_said_in_chinese_too(client: Client, mei: User) -> None:
    for _try in range(5):
        assert complaint(client) == "用户名或密码错误。"
    assert "15 分钟" in complaint(client)


def test_the_right_password_forgets_the_wrong_ones(client: Client, mei: User) -> None:
    for _round in range(3):
        for _try in range(4):
            complaint(Client())
        assert sign_in(Client()) == "/admin/"


def test_name_and_address_of_a_person_are_counted_together(client: Client, mei: User) -> None:
    for name in ("mei", "MEI", "mei@example.com", " mei ", "Mei"):
        complaint(client, name)
    assert "15" in complaint(client, "mei@example.com", PASSWORD)


def test_a_name_that_nobody_has_is_locked_as_any_other_and_is_not_stored(client: Client, db: None) -> None:
    english(client)
    said = [complaint(client, "hunter2-my-password") for _try in range(6)]

    assert said[:5] == [WRONG] * 5
    assert "Too many wrong tries" in said[5]
    stored = [str(row) for model in (Tally, AuditEntry) for row in model.objects.values()]
    assert "hunter2" not in "".join(stored)


def test_one_address_may_not_try_everybody(client: Client, mei: User) -> None:
    for number in range(30):
        complaint(client, f"somebody-{number}")

    assert "15" in complaint(client, password=PASSWORD)
    assert sign_in(Client(REMOTE_ADDR="198.51.100.7")) == "/admin/"


@pytest.mark.parametrize(
    ("proxies", "sent", "counted"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "not an address", "127.0.0.1"),
        (1, "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_an_address_is_believed_only_from_proxies_of_ours(
    settings, client: Client, proxies: int, sent: str, counted: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    client.post("/account/login/", {"login": "x", "password": "y"}, headers={"x-forwarded-for": sent})
    assert [tally.key for tally in Tally.objects.filter(kind="address")] == [counted]


def test_an_administrator_lets_in_again_and_says_why(
    client: Client, mei: User, otto: User, client_of: Callable[[User], Client]
) -> None:
    for _try in range(6):
        complaint(client)
    page = f"/admin/auth/user/{mei.pk}/change/"
    his = english(client_of(otto))
    assert "let_in_person" in offered(his, page)

    let_in = "/admin/auth/user/actions/let_in_person/"
    his.post(let_in, {"_selected_action": [mei.pk], "confirmed": "yes", "reason": "she has called"})

    assert sign_in(client) == "/admin/"
    entry = AuditEntry.objects.get(action="let in again")
    assert (entry.actor, entry.target_id, entry.reason) == (otto, str(mei.pk), "she has called")
    assert "let_in_person" not in offered(his, page)


def test_the_list_of_lock_outs_shows_who_and_where_from_and_lets_in(
    client: Client, mei: User, otto: User, client_of: Callable[[User], Client]
) -> None:
    for number in range(30):
        complaint(client, f"somebody-{number}")
    his = english(client_of(otto))

    shown = his.get("/admin/people/tally/").content.decode()
    assert "127.0.0.1" in shown
    assert "for 15 min more" in shown or "for 14 min more" in shown

    of_address = Tally.objects.get(kind="address")
    his.post("/admin/people/tally/actions/let_in/", {"_selected_action": [of_address.pk], "confirmed": "1"})
    assert sign_in(client) == "/admin/"


def test_administrators_see_on_the_home_page_that_somebody_is_locked_out(
    client: Client, mei: User, otto: User, audrey: User, client_of: Callable[[User], Client]
) -> None:
    his, hers = english(client_of(otto)), english(client_of(audrey))
    assert "Locked out" not in his.get("/admin/").content.decode()
    for _try in range(5):
        complaint(client)
    assert "Locked out" in his.get("/admin/").content.decode()
    assert "Locked out" not in hers.get("/admin/").content.decode()


@pytest.mark.parametrize("who", ["vera", "hira", "ada", "audrey", "eve"])
def test_only_administrators_let_in_again(
    request: pytest.FixtureRequest, client_of: Callable[[User], Client], mei: User, who: str
) -> None:
    for _try in range(5):
        complaint(Client())
    browser = client_of(request.getfixturevalue(who))
    for page in ("auth/user/actions/let_in_person", "people/tally/actions/let_in"):
        sent = {"_selected_action": [Tally.objects.get(kind="password").pk], "confirmed": "1"}
        assert browser.post(f"/admin/{page}/", sent).status_code == 403
    assert Tally.objects.get(kind="password").locked_until


def test_the_audit_tells_of_the_first_and_counts_the_others(client: Client, mei: User) -> None:
    for _try in range(9):
        complaint(client)
    assert actions() == ["was wrong at signing in", "was locked out", "tried to get in while locked out"]
    assert AuditEntry.objects.filter(target_id=str(mei.pk)).count() == 3


def test_wrong_codes_are_limited_however_often_the_password_is_right(mei: User, her_phone: Phone) -> None:
    for _try in range(5):
        client = english(Client())
        assert sign_in(client) == "/account/2fa/authenticate/"
        page = client.post("/account/2fa/authenticate/", {"code": "000000"}).content.decode()
        assert "The code is wrong" in page

    page = client.post("/account/2fa/authenticate/", {"code": her_phone.code()}).content.decode()
    assert "Too many wrong tries" in page
    assert client.get("/admin/").status_code == 302


def test_the_present_password_is_counted_where_it_is_asked_for_to_choose_another_one(
    client: Client, mei: User
) -> None:
    page = "/admin/password_change/"
    sign_in(english(client))
    sent = {"new_password1": "a-new-staple-9", "new_password2": "a-new-staple-9"}
    for _try in range(5):
        assert "The password is wrong" in client.post(page, {"old_password": "x", **sent}).content.decode()

    assert "Too many wrong tries" in client.post(page, {"old_password": PASSWORD, **sent}).content.decode()
    assert "Too many wrong tries" in complaint(english(Client()), password=PASSWORD)
    wrong = ["was wrong at signing in", "was locked out", "tried to get in while locked out"]
    assert actions() == ["signed in", *wrong]


def test_who_knows_the_present_password_chooses_another_one(client: Client, mei: User) -> None:
    sign_in(client)
    sent = {"new_password1": "a-new-staple-9", "new_password2": "a-new-staple-9"}
    answer = client.post("/admin/password_change/", {"old_password": PASSWORD, **sent})
    assert answer["Location"] == "/admin/password_change/done/"
    assert sign_in(Client(), password="a-new-staple-9") == "/admin/"


def test_passkeys_are_asked_for_only_so_often_by_strangers(client: Client, db: None, settings) -> None:
    settings.LOCK_OUT_TRIES_OF_ADDRESS = 1
    asked = [
        client.get("/account/2fa/keys/login/", headers={"accept": "application/json"}) for _time in range(11)
    ]
    assert [answer.status_code for answer in asked] == [200] * 10 + [429]
    assert Client(REMOTE_ADDR="198.51.100.7").get("/account/2fa/keys/login/").status_code == 302


def test_feishu_is_led_to_only_so_often_by_strangers(client: Client, db: None, settings) -> None:
    settings.FEISHU_SIGN_IN, settings.LOCK_OUT_TRIES_OF_ADDRESS = True, 1
    begun = [client_of_network(number).post("/account/feishu/login/") for number in range(11)]
    assert [answer.status_code for answer in begun] == [200] * 10 + [429]
    assert Session.objects.count() == 10


def client_of_network(number: int) -> Client:
    return Client(REMOTE_ADDR=f"2001:db8::{number}")


def test_what_is_over_is_forgotten(client: Client, mei: User, clock: Clock) -> None:
    complaint(client)
    tasks.forget_tries()
    assert Tally.objects.count() == 2
    clock.advance(minutes=31)
    tasks.forget_tries()
    assert Tally.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_tries_than_one_after_the_other() -> None:
    """Sixteen threads with a connection each; on PostgreSQL they really meet."""
    person = User.objects.create_user("mei", password=PASSWORD)
    looked_at: list[int] = []
    start = threading.Barrier(16)

    def guess(number: int) -> None:
        start.wait()
        try:
            limits.begin(limits.of_password("mei", person), limits.of_address(f"10.0.0.{number}"))
            looked_at.append(number)
        except limits.LockedOut:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(looked_at) == 5
    tally = Tally.objects.get(kind="password")
    assert tally.count == 5
    assert tally.locked_until
    assert tally.locked_until > database_clock.now()


def test_a_password_that_nobody_has_looked_at_is_not_counted(
    client: Client, db: None, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["hireops.people.hashing.TurnTakingHasher"]
    User.objects.create_user("mei", password=PASSWORD, is_staff=True)
    with monkeypatch.context() as busy:
        busy.setattr(hashing, "_hashing", threading.BoundedSemaphore(1))
        busy.setattr(hashing, "_waiting", threading.Semaphore(0))
        with hashing.turn():
            for _try in range(8):
                assert client.post("/account/login/", {"login": "mei", "password": "x"}).status_code == 429
    assert sign_in(client) == "/admin/"


@pytest.mark.parametrize(
    ("https", "proxies", "warned"), [(True, 0, True), (True, 1, False), (False, 0, False)]
)
def test_a_proxy_that_nobody_has_named_is_warned_of(
    settings, https: bool, proxies: int, warned: bool
) -> None:
    settings.HTTPS, settings.TRUSTED_PROXIES = https, proxies
    assert bool(checks.addresses_of_strangers_are_seen()) == warned
