"""What a list looks like: cells say what they are, filters stand above them, and no list is mute."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from tests.searching import search
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite

OWN_DESK = [pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]
PEOPLE = "/admin/auth/user/"
ROLES = "/admin/auth/group/"
KINDS = "/admin/contenttypes/contenttype/"
VOID = {"input", "link", "meta", "img", "br"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    content: list["Element | str"] = field(default_factory=list)

    @property
    def inside(self) -> list["Element"]:
        return [each for each in self.content if isinstance(each, Element)]

    def all(self, tag: str, **wanted: str) -> list["Element"]:
        """Those within this one; ``class_="chips"`` for one of its classes."""
        found = [each for each in self.inside if each.tag == tag and each.fits(wanted)]
        return found + [deeper for each in self.inside for deeper in each.all(tag, **wanted)]

    def fits(self, wanted: dict[str, str]) -> bool:
        classes = (self.attributes.get("class") or "").split()
        return all(
            value in classes if name == "class_" else self.attributes.get(name.replace("_", "-")) == value
            for name, value in wanted.items()
        )

    def says(self) -> str:
        said = " ".join(each.says() if isinstance(each, Element) else each for each in self.content)
        return " ".join(said.split())


class Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.open = [Element("page", {})]
        self.feed(page)

    @property
    def root(self) -> Element:
        return self.open[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while tag not in VOID and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", first_name="Root"))
    client.cookies["django_language"] = "en"
    return client


def page(browser: Client, url: str) -> Element:
    return Page(browser.get(url).content.decode()).root


def chosen(root: Element) -> dict[str, str]:
    """By what is chosen, the address of the list without it."""
    return {
        each.says(): each.attributes["href"] or ""
        for bar in root.all("ul", class_="list-chosen")
        for each in bar.all("a")
    }


class TestTable:
    pytestmark = OWN_DESK

    def test_each_cell_says_its_header_and_keeps_its_role_where_a_row_is_a_card(
        self, browser: Client
    ) -> None:
        (table,) = page(browser, PEOPLE).all("table", id="result_list")

        headers = [each.says() for each in table.all("th", scope="col")]
        (row,) = table.all("tbody")[0].all("tr", role="row")
        cells = [each for each in row.inside if each.tag in {"td", "th"}]
        assert headers == ["", "Username", "First name", "Staff status"]
        assert [each.attributes["data-label"] for each in cells] == headers
        assert [each.attributes["role"] for each in cells] == ["cell", "rowheader", "cell", "cell"]
        assert table.attributes["role"] == "table"

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ("", {"Username": "ascending"}),
            ("?o=-2", {"First name": "descending"}),
            ("?o=2.1", {"First name": "ascending"}),
        ],
    )
    def test_the_column_that_sorts_says_so_and_no_other(
        self, browser: Client, order: str, expected: dict[str, str]
    ) -> None:
        headers = page(browser, PEOPLE + order).all("th", scope="col")
        assert {
            each.says(): each.attributes["aria-sort"] for each in headers if "aria-sort" in each.attributes
        } == expected

    def test_a_long_id_is_shown_by_its_ends_and_copied_whole(self, browser: Client) -> None:
        ContentType.objects.create(app_label="7541583811842522564", model="order")

        table = page(browser, f"{KINDS}?q=order").all("table", id="result_list")[0]

        (cell,) = table.all("td", class_="id")
        assert cell.says() == "7541…522564"
        assert cell.all("span")[0].attributes["title"] == "7541583811842522564"
        assert cell.all("button")[0].attributes["data-copy"] == "7541583811842522564"

    def test_a_field_that_is_edited_in_a_list_is_called_like_its_column(self, browser: Client) -> None:
        (cell, *_others) = page(browser, "/admin/auth/permission/").all("td", class_="edited")
        assert [each.attributes.get("aria-label") for each in cell.all("input")] == ["Name", None]


class TestFilters:
    pytestmark = OWN_DESK

    def test_filters_stand_above_the_table_each_with_its_name_and_its_choices(self, browser: Client) -> None:
        root = page(browser, PEOPLE)

        (bar,) = root.all("nav", class_="list-filters")
        assert bar.attributes["aria-label"] == "Filter"
        assert [each.says() for each in bar.all("summary")] == ["Staff status", "Groups", "Saved filters"]
        assert {each.says() for each in bar.all("details")[0].all("a")} == {"All", "Yes", "No"}
        assert not root.all("nav", id="changelist-filter")

    def test_nothing_is_said_to_be_chosen_while_nothing_is(self, browser: Client) -> None:
        assert chosen(page(browser, PEOPLE)) == {}

    def test_what_is_chosen_is_taken_away_one_by_one_or_all_at_once(self, browser: Client) -> None:
        asked = {"is_staff__exact": "0", "is_superuser__exact": "1"}
        shown = search(browser, PEOPLE, "mo", **asked)
        links = chosen(Page(shown.content.decode()).root)

        filtered, linked, searched, clear = links
        assert filtered == "Staff status No , take away"
        assert linked == "Superuser status Yes , take away"
        assert searched == "Search mo , take away"
        without_filter = browser.get(PEOPLE + links[filtered])
        assert list(chosen(Page(without_filter.content.decode()).root)) == [linked, searched, clear]
        without_search = page(browser, PEOPLE + links[searched])
        assert list(chosen(without_search)) == [filtered, linked, clear]
        assert chosen(page(browser, PEOPLE + links[clear])) == {}


class TestEmptyList:
    pytestmark = OWN_DESK

    def test_it_says_what_it_is_and_leads_on(self, browser: Client) -> None:
        Group.objects.all().delete()

        (empty,) = page(browser, ROLES).all("div", class_="empty-list")

        assert empty.says() == "What people may do. Begin with a role. Add group"
        assert empty.all("a")[0].attributes["href"] == f"{ROLES}add/"

    def test_who_can_do_nothing_about_it_is_led_nowhere(self, client: Client) -> None:
        Group.objects.all().delete()
        reader = User.objects.create_user("mo", is_staff=True)
        reader.user_permissions.set(
            ContentType.objects.get(model="group").permission_set.filter(codename="view_group")
        )
        client.force_login(reader)

        assert not page(client, ROLES).all("div", class_="empty-list")[0].all("a")

    def test_if_a_filter_has_emptied_it_that_is_said_and_can_be_cleared(self, browser: Client) -> None:
        Group.objects.all().delete()

        answer = search(browser, ROLES, "nobody")
        (empty,) = Page(answer.content.decode()).root.all("div", class_="empty-list")

        assert empty.says() == "Nothing fits what is chosen. Clear all"
        assert chosen(page(browser, ROLES + (empty.all("a")[0].attributes["href"] or ""))) == {}


def test_every_list_says_what_it_is_while_it_is_empty() -> None:
    mute = [
        model.__name__ for model, its in admin.site._registry.items() if not getattr(its, "empty_list", "")
    ]
    assert mute == []


def test_every_column_that_is_an_id_or_an_amount_exists() -> None:
    """A column that was renamed would silently lose its look."""
    lost = [
        (model.__name__, name)
        for model, its in admin.site._registry.items()
        for name in (*its.ids, *its.amounts)  # type: ignore[attr-defined]
        if not (hasattr(its, name) or hasattr(model, name))
    ]
    assert lost == []
