"""What is laid before who confirms an action: the rows, their sums, and those that can't take it."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.template.loader import get_template
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]

CONFIRMED_ON = "admin/staff_action.html"
PAY = "/admin/auth/group/actions/pay/"
LISTED = 50


@pytest.fixture
def staff(client: Client) -> Client:
    """Signed in as somebody who may pay, with pages in English."""
    person = User.objects.create_user("mo", is_staff=True)
    person.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_group", "change_group"]),
    )
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def roles(*names: str) -> list[int]:
    return [Group.objects.create(name=name).pk for name in names]


def asked(client: Client, chosen: list[int], **sent: Any) -> str:
    answer = client.post(PAY, {"_selected_action": chosen, **sent})
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def sent_along(page: str, name: str = "_selected_action") -> set[int]:
    return {int(pk) for pk in re.findall(rf'name="{name}" value="(\d+)"', page)}


def button(page: str) -> str:
    found: list[str] = re.findall(r'<input type="submit" class="default" value="([^"]*)"', page)
    assert len(found) == 1
    return found[0].replace("\N{NO-BREAK SPACE}", " ")


def test_the_button_says_how_many_and_how_much_of_each_currency(staff: Client) -> None:
    chosen = roles("Ann owes 1200.50 CNY", "Ben owes 3 CNY", "Cem owes 500 JPY")

    page = asked(staff, chosen)

    assert button(page) == "Pay 3 debts · CNY 1,203.50 · JPY 500"
    assert f'<a href="/admin/auth/group/{chosen[0]}/change/">Ann owes 1200.50 CNY</a>' in page
    assert button(asked(staff, chosen[:1])) == "Pay 1 debt · CNY 1,200.50"


def test_what_cannot_take_it_stands_apart_with_why_and_is_not_sent_along(staff: Client) -> None:
    fit, away, free = roles("Ann owes 7 CNY", "Ben away owes 5 CNY", "Cem")

    page = asked(staff, [fit, away, free])

    assert button(page) == "Pay 1 debt · CNY 7"
    assert (sent_along(page), sent_along(page, "left_out")) == ({fit}, {away, free})
    apart = page.split("Left out: 2")[1]
    assert all(text in apart for text in ("It is away.", "Not as it is now.", "Ben away", "Cem"))
    assert "Ann" not in apart


def test_there_is_nothing_to_press_where_none_can_take_it(staff: Client) -> None:
    page = asked(staff, roles("Cem"))

    assert "None of what was chosen can take this now." in page
    assert '<input type="submit"' not in page


def test_the_sums_cover_also_what_is_not_listed(staff: Client) -> None:
    chosen = roles(*(f"{number:02} owes 2.50 CNY" for number in range(LISTED + 4)))

    page = asked(staff, chosen)

    assert button(page) == f"Pay {LISTED + 4} debts · CNY 135.00"
    assert sent_along(page) == set(chosen)
    assert page.count('<tr role="row">') == LISTED + 1
    assert "and 4 more" in page


def test_what_changed_since_the_page_was_drawn_is_refused_by_name(staff: Client) -> None:
    ann, ben = chosen = roles("Ann owes 1 CNY", "Ben owes 1 CNY")
    assert sent_along(asked(staff, chosen)) == set(chosen)
    Group.objects.filter(pk=ben).update(name="Ben")

    answer = staff.post(PAY, {"_selected_action": chosen, "confirmed": "yes", "reason": "now"}, follow=True)

    told = [str(message) for message in answer.context["messages"]]
    assert told == ["“Pay”: done for 1 · CNY 1.", "“Ben”: It owes nothing."]
    assert Group.objects.get(pk=ann).name == "Ann paid now"


def test_switching_the_language_keeps_the_choice_and_what_was_typed_and_does_nothing(staff: Client) -> None:
    ann, ben = roles("Ann owes 1 CNY", "Ben")
    page = asked(staff, [ann, ben])
    switch = re.search(r'<button type="submit" form="confirm" formaction="(/language/)"[^>]*>', page)
    assert switch
    assert '<form class="language-switch"' not in page
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.split('id="confirm"')[1]))
    assert hidden["confirmed"] == "yes"

    sent = {**hidden, "reason": "half a sen", "language": "zh-hans"}
    redirect = staff.post(switch[1], sent)
    assert (redirect.status_code, redirect["Location"]) == (307, PAY)
    answer = staff.post(redirect["Location"], sent)  # as a browser does after a 307

    assert answer["Content-Language"] == "zh-hans"
    again = unescape(answer.content.decode())
    assert (sent_along(again), sent_along(again, "left_out")) == ({ann}, {ben})
    assert "half a sen</textarea>" in again
    assert Group.objects.get(pk=ann).name == "Ann owes 1 CNY"


def test_every_action_of_every_room_is_confirmed_on_this_page() -> None:
    """Its table, its sums, its button and its language switch; a template of its own only adds to it."""
    actions = [
        action
        for admin_class in admin.site._registry.values()
        for action in getattr(admin_class, "staff_actions", ())
    ]
    assert {"approve", "replay", "terminate"} <= {action.name for action in actions}
    for action in actions:
        page: Any = get_template(action.template)
        is_it = action.template == CONFIRMED_ON
        assert is_it or page.template.nodelist[0].parent_name.token == f'"{CONFIRMED_ON}"'


def test_the_page_opens_at_its_top_and_the_button_follows_the_reason(staff: Client) -> None:
    page = asked(staff, roles("Ann owes 1 CNY"))

    assert "autofocus" not in page
    after = re.split(r"<textarea[^>]*>", page)[1]
    following = re.search(r'<(a|button|select|textarea|input(?! type="hidden"))[^>]*>', after)
    assert following
    assert 'type="submit" class="default"' in following[0]
