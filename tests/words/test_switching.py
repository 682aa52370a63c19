"""Forms beyond Django's own: whoever switches the language while filling one in loses nothing of it."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.databases import Database
from tests.selection import on_sqlite
from tests.words.site import page, visits

pytestmark = [on_sqlite, pytest.mark.slow, pytest.mark.timeout(900)]

FORM = re.compile(r"<form\b[^>]*\bmethod=\"post\".*?</form>", re.DOTALL)
TYPED = re.compile(r"<textarea|<input type=\"(?:text|date|number|email|tel|url)\"")
# Django's pages of rows and of signing in, and the search, of which the address keeps the term.
OF_DJANGO = re.compile(r"<form[^>]*id=\"(?:\w+_form|changelist-(?:form|search)|login-form)\"")
# The sheet of a file, which no browser gives back with it; what begins anew to be safe.
BEGINS_ANEW = re.compile(r"<form[^>]*action=\"[^\"]*(?:/results/|/2fa/[^\"]*)\"")


@pytest.fixture
def typist(world: Database) -> Client:
    client = Client()
    client.force_login(
        User.objects.filter(is_superuser=True, is_active=True).first()
        or User.objects.create_superuser("typist")
    )
    return client


def test_every_form_that_is_typed_into_goes_along_with_the_language(typist: Client) -> None:
    loses = {}
    for visit in visits():
        for form in FORM.findall(page(typist, visit)):
            is_ours = TYPED.search(form) and not OF_DJANGO.search(form) and not BEGINS_ANEW.search(form)
            if is_ours and 'name="again"' not in form:
                loses[str(visit)] = form[:300]
    assert not loses, "\n".join(f"{where}: {form}" for where, form in loses.items())


def test_what_was_typed_and_ticked_stands_there_in_the_other_language(typist: Client) -> None:
    address = "/admin/referrals/payoutbatch/prepare/"
    first, second = re.findall(r'name="withdrawal" value="(\d+)"', typist.get(address).text)[:2]
    form = {"filled": "yes", "again": "yes", "next": address, "language": "en", "note": "Q4, <first> half"}

    shown = typist.post("/language/", {**form, "withdrawal": [second]}, follow=True)

    assert "Look at the sums" in shown.text
    assert "Q4, <first> half" in unescape(shown.text)
    assert re.search(rf'value="{second}" id="withdrawal-{second}" checked', shown.text)
    assert not re.search(rf'id="withdrawal-{first}" checked', shown.text)
