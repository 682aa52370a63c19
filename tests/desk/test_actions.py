"""Actions of staff: a permission, a confirmation, a service that may refuse."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from hireops.desk import actions

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]

LIST = "/admin/auth/group/"
CLOSE = "/admin/auth/group/actions/close/"


@pytest.fixture(autouse=True)
def english(client: Client) -> None:
    client.cookies["django_language"] = "en"


@pytest.fixture
def staff(client: Client) -> User:
    person = User.objects.create_user("mo", is_staff=True)
    client.force_login(person)
    return person


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="Night shift")


def allow(person: User, *codenames: str) -> None:
    person.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


def names() -> set[str]:
    return set(Group.objects.filter(name__startswith="Night").values_list("name", flat=True))


def messages(client: Client, url: str) -> list[str]:
    return [str(message) for message in client.get(url).context["messages"]]


def test_an_action_asks_for_confirmation_first_and_lists_the_objects(
    client: Client, staff: User, group: Group
) -> None:
    allow(staff, "view_group", "change_group")

    answer = client.post(LIST, {"action": "close", "_selected_action": [group.pk], "index": "0"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "These roles will be closed." in page
    assert "Night shift" in page
    assert names() == {"Night shift"}


def test_a_confirmed_action_is_done_and_returns_to_where_one_came_from(
    client: Client, staff: User, group: Group
) -> None:
    allow(staff, "view_group", "change_group")
    sent = {"_selected_action": [group.pk], "confirmed": "yes", "reason": "spring", "back": f"{LIST}?q=Night"}

    answer = client.post(CLOSE, sent)

    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?q=Night")
    assert names() == {"Night shift spring (closed)"}
    assert messages(client, LIST) == ["“Close”: done for 1."]


def test_a_required_reason_cannot_be_left_out(client: Client, staff: User, group: Group) -> None:
    allow(staff, "view_group", "change_group")

    answer = client.post(CLOSE, {"_selected_action": [group.pk], "confirmed": "yes", "reason": "  "})

    assert "This field is required." in answer.content.decode()
    assert names() == {"Night shift"}


def test_what_the_service_refuses_is_told_and_the_others_are_done(
    client: Client, staff: User, group: Group
) -> None:
    allow(staff, "view_group", "change_group")
    closed = Group.objects.create(name="Night (closed)")

    client.post(CLOSE, {"_selected_action": [group.pk, closed.pk], "confirmed": "yes", "reason": "now"})

    assert names() == {"Night shift now (closed)", "Night (closed)"}
    assert messages(client, LIST) == ["“Close”: done for 1.", "“Night (closed)”: It is closed already."]


def test_many_refusals_are_summed_up(client: Client, staff: User) -> None:
    allow(staff, "view_group", "change_group")
    closed = [Group.objects.create(name=f"Night {n} (closed)").pk for n in range(8)]

    answer = client.post(CLOSE, {"_selected_action": closed, "confirmed": "yes", "reason": "now"})

    told = [str(each) for each in answer.context["messages"]]
    listed = ", ".join(f"“Night {n} (closed)”" for n in range(8))
    assert told == [f"{listed}: It is closed already."]


def test_an_error_in_the_middle_is_no_500_and_tells_what_was_done_and_what_was_not(
    client: Client, staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    allow(staff, "view_group", "change_group")
    chosen = [Group.objects.create(name=f"Night {name}").pk for name in ("1", "2 jammed", "3", "4")]

    sent = {"_selected_action": chosen, "confirmed": "yes", "reason": "now", "back": LIST}

    answer = client.post(CLOSE, sent)

    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert names() == {"Night 1 now (closed)", "Night 2 jammed", "Night 3", "Night 4"}
    done, failed, before, rest = messages(client, LIST)
    assert done == "“Close”: done for 1."
    assert failed.startswith("“Night 2 jammed”: an error inside hireops.")
    assert (before, rest) == (
        "Done before the error: “Night 1 now (closed)”",
        "Not tried any more: “Night 3”, “Night 4”",
    )
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_a_long_list_of_what_was_not_tried_is_cut(client: Client, staff: User) -> None:
    allow(staff, "view_group", "change_group")
    chosen = [Group.objects.create(name="Night 00 jammed").pk]
    chosen += [Group.objects.create(name=f"Night {n:02}").pk for n in range(1, 31)]

    client.post(CLOSE, {"_selected_action": chosen, "confirmed": "yes", "reason": "now"})

    assert messages(client, LIST)[-1].endswith("“Night 20” and 10 more")


def test_without_the_permission_there_is_neither_menu_entry_nor_button(
    client: Client, staff: User, group: Group
) -> None:
    allow(staff, "view_group")

    assert "Close" not in client.get(LIST).content.decode()
    assert "actions/close/" not in client.get(f"{LIST}{group.pk}/change/").content.decode()


@pytest.mark.parametrize("given", [("view_group",), ("change_group_of_nobody",), ()])
def test_without_the_permission_a_post_is_forbidden_and_changes_nothing(
    client: Client, staff: User, group: Group, given: tuple[str, ...]
) -> None:
    allow(staff, *given)

    answer = client.post(CLOSE, {"_selected_action": [group.pk], "confirmed": "yes", "reason": "now"})

    assert answer.status_code == 403
    assert names() == {"Night shift"}


def test_a_stranger_is_sent_to_the_login(client: Client, group: Group) -> None:
    answer = client.post(CLOSE, {"_selected_action": [group.pk], "confirmed": "yes", "reason": "now"})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")
    assert names() == {"Night shift"}


def test_a_form_of_another_site_is_refused(staff: User, group: Group) -> None:
    allow(staff, "view_group", "change_group")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff)

    answer = strict.post(CLOSE, {"_selected_action": [group.pk], "confirmed": "yes", "reason": "now"})

    assert answer.status_code == 403
    assert names() == {"Night shift"}


def test_a_get_does_nothing(client: Client, staff: User, group: Group) -> None:
    allow(staff, "view_group", "change_group")

    answer = client.get(CLOSE, {"_selected_action": str(group.pk), "confirmed": "yes", "reason": "now"})

    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert names() == {"Night shift"}


def test_the_object_page_has_a_button_that_leads_back_to_it(
    client: Client, staff: User, group: Group
) -> None:
    allow(staff, "view_group", "change_group")
    url = f"{LIST}{group.pk}/change/"

    page = client.get(url).content.decode()

    assert f'action="{CLOSE}"' in page
    assert f'name="back" value="{url}"' in page


def test_a_button_is_shown_only_where_its_action_makes_sense(
    client: Client, staff: User, group: Group
) -> None:
    allow(staff, "view_group", "delete_group")
    closed = Group.objects.create(name="Night (closed)")

    assert "actions/wipe/" not in client.get(f"{LIST}{group.pk}/change/").content.decode()
    assert "actions/wipe/" in client.get(f"{LIST}{closed.pk}/change/").content.decode()


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_it_never_leads_to_another_site(client: Client, staff: User, group: Group, back: str) -> None:
    allow(staff, "view_group", "change_group")
    sent = {"_selected_action": [group.pk], "confirmed": "yes", "reason": "now", "back": back}

    assert client.post(CLOSE, sent)["Location"] == LIST


def test_too_many_objects_at_once_are_refused(
    client: Client, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(staff, "view_group", "change_group")
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 2)
    Group.objects.bulk_create(Group(name=f"Night {n}") for n in range(3))
    before = names()

    answer = client.post(
        LIST, {"action": "close", "select_across": "1", "index": "0", "_selected_action": "0"}
    )

    assert answer.status_code == 302
    assert "Nothing was done" in messages(client, LIST)[0]
    assert names() == before


@pytest.mark.parametrize(
    ("ids", "status"),
    [(["999999"], 302), ([], 302), (["not-an-id"], 400), (["1 OR 1=1"], 400)],
)
def test_ids_that_are_not_there_do_nothing(
    client: Client, staff: User, group: Group, ids: list[str], status: int
) -> None:
    allow(staff, "view_group", "change_group")

    answer = client.post(CLOSE, {"_selected_action": ids, "confirmed": "yes", "reason": "now"})

    assert answer.status_code == status
    assert names() == {"Night shift"}


def test_an_id_that_no_row_can_have_is_no_error(client: Client, staff: User, group: Group) -> None:
    allow(staff, "view_group", "change_group")

    answer = client.post(CLOSE, {"_selected_action": ["9" * 30], "confirmed": "yes", "reason": "now"})

    assert answer.status_code in {302, 400}  # what the database makes of it
    assert names() == {"Night shift"}


def test_an_unknown_action_is_not_found(client: Client, staff: User) -> None:
    assert client.post("/admin/auth/group/actions/burn/").status_code == 404
