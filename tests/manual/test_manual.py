"""The manual says what the product shows, alike in both languages, and no link of it is dead."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as house
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

from hireops.desk import help as help_pages
from hireops.manual.rendering import CONTENTS, render
from tests.manual.texts import LANGUAGES, names, quoted, shown, tokens

pytestmark = pytest.mark.django_db

PAGES = sorted(names("en") | names("zh-hans"))

Read = Callable[[str, str], "Article"]


class Article(HTMLParser):
    """A page of the manual without the frame around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = html.partition("<article")[2].partition("</article>")[0]
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.pictures: list[tuple[str, str]] = []
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.anchors.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if tag == "img":
            self.pictures.append((values["src"], values["alt"]))


def address_of(help_page: str) -> str:
    name, sharp, anchor = help_page.partition("#")
    page = reverse("manual_contents") if name == CONTENTS else reverse("manual_page", args=[name])
    return f"{page}{sharp}{anchor}"


def fetch(client: Client, language: str, address: str) -> str:
    client.cookies[house.LANGUAGE_COOKIE_NAME] = language
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


@pytest.fixture
def read(boss: Client) -> Read:
    """``read("en", "withdrawals")``, each once."""
    known: dict[tuple[str, str], Article] = {}

    def read(language: str, name: str) -> Article:
        if (language, name) not in known:
            known[language, name] = Article(fetch(boss, language, address_of(name)))
        return known[language, name]

    return read


# --- In both languages alike


def test_every_page_is_there_in_both_languages() -> None:
    assert names("en") == names("zh-hans")


def test_a_page_has_the_same_headings_tables_and_links_in_both_languages(read: Read) -> None:
    for name in PAGES:
        levels = {language: shape(language, name) for language in LANGUAGES}
        assert levels["en"] == levels["zh-hans"], name
        english, chinese = read("en", name), read("zh-hans", name)
        assert english.anchors == chinese.anchors, name
        assert set(english.links) == set(chinese.links), name
        assert len(english.pictures) == len(chinese.pictures), name


def shape(language: str, name: str) -> list[str]:
    return [token.tag for token in tokens(language, name) if token.type in {"heading_open", "tr_open"}]


# --- True of the product


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_in_bold_is_what_the_product_shows(language: str) -> None:
    known = shown(language)
    invented = [
        (name, text) for name in PAGES for text in quoted(language, name) if capfirst(text) not in known
    ]
    assert invented == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_link_and_no_picture_is_dead(read: Read, language: str) -> None:
    pages = {address_of(name): name for name in PAGES}
    for name in PAGES:
        article = read(language, name)
        for link in article.links:
            target, _sharp, anchor = link.partition("#")
            assert not target or target in pages, (name, link)
            there = read(language, pages.get(target, name))
            assert not anchor or anchor in there.anchors, (name, link)
        for source, meaning in article.pictures:
            assert finders.find(source.removeprefix("/static/")), (name, source)
            assert meaning, (name, source)


def test_the_contents_name_every_page(read: Read) -> None:
    others = {address_of(name) for name in PAGES if name != CONTENTS}
    assert set(read("en", CONTENTS).links) == others


# --- Help leads there


def test_every_admin_class_says_what_it_is_about_and_its_pages_lead_there(boss: Client, read: Read) -> None:
    for model_admin in admin.site._registry.values():
        about = getattr(model_admin, "help_page", "")
        assert about, f"{type(model_admin).__name__} says by no help_page what it is about"
        assert_resolves(read, about)
        options = model_admin.opts
        changelist = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
        assert help_of(fetch(boss, "en", changelist)) == address_of(about)


def test_pages_without_a_class_have_help_too(boss: Client, read: Read) -> None:
    for address, about in help_pages.registered().items():
        assert_resolves(read, about)
        try:
            answer = boss.get(reverse(address))
        except NoReverseMatch:
            continue  # the page of one row, or switched off
        if answer.status_code == 200:
            assert help_of(answer.content.decode()) == address_of(about)


def test_pages_and_confirmations_of_a_class_lead_where_its_list_does(boss: Client) -> None:
    preparing = fetch(boss, "en", reverse("admin:referrals_payoutbatch_prepare"))
    assert help_of(preparing) == address_of("payments")
    ann = User.objects.create_user("ann")
    asked = boss.post(
        reverse("admin:auth_user_staff_action", args=["end_sessions"]), {"_selected_action": ann.pk}
    )
    assert help_of(asked.content.decode()) == address_of("people")
    assert help_of(fetch(boss, "en", reverse("admin:auth_user_change", args=[ann.pk]))) == address_of(
        "people"
    )


def test_what_says_nothing_leads_to_the_contents(boss: Client) -> None:
    group = reverse("admin:app_list", args=["bindings"])
    assert help_of(fetch(boss, "en", group)) == address_of(CONTENTS)


def help_of(html: str) -> str:
    """Where Help in the header of this page leads to."""
    header = html.partition("<main")[0]
    found = re.search(rf'href="({address_of(CONTENTS)}[^"]*)"', header)
    return found[1] if found else ""


def assert_resolves(read: Read, about: str) -> None:
    name, _sharp, anchor = about.partition("#")
    for language in LANGUAGES:
        assert not anchor or anchor in read(language, name).anchors, about


# --- Who reads it, and how


@pytest.mark.parametrize(("who", "first"), [("hira", "hr"), ("vera", "vendor"), ("audrey", "vendor")])
def test_everybody_reads_all_of_it_and_their_own_half_first(
    request: pytest.FixtureRequest, client_of: Callable[[User], Client], who: str, first: str
) -> None:
    reader = client_of(request.getfixturevalue(who))
    parts = Article(fetch(reader, "en", address_of(CONTENTS))).anchors
    halves = [first, "hr" if first == "vendor" else "vendor"]
    assert parts == ["everybody", *halves, "administration"]
    for name in ("withdrawals", "checks", "people"):
        assert Article(fetch(reader, "zh-hans", address_of(name))).text


def test_nobody_reads_it_who_has_not_signed_in(client: Client, eve: User) -> None:
    for page in (CONTENTS, "people"):
        assert client.get(address_of(page)).status_code == 302
    client.force_login(eve)  # whoever may sign in, may read how to come by a role
    assert client.get(address_of("people")).status_code == 200


def test_who_has_to_set_up_a_second_factor_first_can_read_how(
    client_of: Callable[[User], Client], ada: User, settings: LazySettings
) -> None:
    settings.SECOND_FACTOR_ROLES = ["hr_approver"]
    approver = client_of(ada)
    assert approver.get("/admin/")["Location"] == reverse("mfa_index")
    advice = help_of(approver.get(reverse("mfa_index")).content.decode())
    assert advice == address_of("signing-in#second-factors")
    assert approver.get(advice).status_code == 200


def test_a_page_that_is_not_there_is_not_found(boss: Client) -> None:
    assert boss.get(address_of("nothing")).status_code == 404


def test_html_and_scripts_in_a_file_are_text() -> None:
    page: Any = render("x", "# Title\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1))")
    assert "<script>" not in page.opening
    assert 'href="javascript' not in page.opening
