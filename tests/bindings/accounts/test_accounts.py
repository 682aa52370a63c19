"""What staff see of a bound account."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bindings.models import CustomField, EcoAccount
from hireops.desk import cards
from hireops.invisible import INVISIBLE
from tests.bindings.conftest import says
from tests.searching import reveal

BODY = {
    "scope": 1,
    "account_id": "6931286400470354183",
    "account_name": "背调账号 001",
    "usage_list": [1, 2, 3],
    "custom_field_list": [{"key": "token", "value": "tk_8f2e6b1c"}, {"key": "ord_id", "value": "7233333"}],
}
LIST = "admin:bindings_ecoaccount_changelist"


def page_of(account):
    return reverse("admin:bindings_ecoaccount_change", args=[account.pk])


@pytest.fixture
def account(bound):
    bound(BODY)
    return EcoAccount.objects.get()


def test_the_page_shows_the_values_under_the_names_of_our_fields(vendor, account, field):
    field("token", "令牌", name_en="Token")
    page = reveal(vendor, page_of(account))
    shown = [(each.name, each.key, each.value, str(each.note)) for each in page.context["values"]]
    assert shown == [("Token", "token", "tk_8f2e6b1c", ""), ("", "ord_id", "7233333", "not defined here")]
    assert says(page, "Experienced hires, Campus recruiting, 3")
    assert says(page, "6931286400470354183")


def test_a_name_is_shown_as_it_reads_and_kept_as_it_came(vendor, bound):
    misleading = "甲\u202e乙\u2066丙\u2069丁\u200b戊"
    event = bound({**BODY, "account_name": misleading})
    account = EcoAccount.objects.get()
    for url in (reverse(LIST), page_of(account), reverse("admin:inbox_event_change", args=[event.pk])):
        page = vendor.get(url)
        assert not INVISIBLE.search(page.content.decode())
        assert says(page, "甲乙丙丁戊") or says(page, r"甲\u202e乙\u2066丙\u2069丁\u200b戊")
    assert account.name == misleading


def test_its_name_is_the_title_and_beside_it_stands_that_nobody_has_it_yet(vendor, account):
    for page in (vendor.get(page_of(account)), reveal(vendor, page_of(account))):
        assert page.context["title"] == "背调账号 001"
        assert "waits for a customer" in page.context["title_badge"]
    EcoAccount.objects.update(set_aside=True)
    assert "set aside" in vendor.get(page_of(account)).context["title_badge"]


def test_the_names_follow_the_language_of_the_page(vera, client_of, account, field):
    field("token", "令牌", name_en="Token")
    page = client_of(vera).get(page_of(account))
    assert page.context["values"][0].name == "令牌"


def test_a_field_without_an_english_name_is_shown_by_its_chinese_one(vendor, account, field):
    field("token", "令牌")
    assert vendor.get(page_of(account)).context["values"][0].name == "令牌"


def test_a_field_of_the_other_form_does_not_lend_its_name(vendor, account, field):
    field("token", "令牌", scope=2)
    assert vendor.get(page_of(account)).context["values"][0].name == ""


def test_a_retired_field_keeps_its_name_and_says_so(vendor, account, field):
    field("token", "令牌", retired=True)
    assert says(vendor.get(page_of(account)), "no longer on the form")


def test_the_page_links_to_the_event_and_the_tenant(vendor, account):
    page = vendor.get(page_of(account)).content.decode()
    assert reverse("admin:inbox_event_change", args=[account.event_id]) in page
    assert reverse("admin:feishu_tenant_change", args=[account.tenant_id]) in page


def test_values_are_hidden_from_those_without_the_right_to_see_them(auditor, account):
    page = auditor.get(page_of(account))
    assert page.status_code == 200
    assert says(page, "The values may be credentials.")
    for value in ("tk_8f2e6b1c", "7233333"):
        assert value not in page.content.decode()


@pytest.fixture
def root(db):
    return User.objects.create_superuser("root")


EVERYWHERE = [
    "inbox_event_changelist",
    "inbox_event_change",
    "inbox_event_history",
    "bindings_ecoaccount_changelist",
    "bindings_ecoaccount_history",
    "desk_auditentry_changelist",
    "feishu_tenant_change",
]


@pytest.mark.parametrize("who", ["vera", "hira", "ada", "otto", "audrey", "root"])
@pytest.mark.parametrize("page", EVERYWHERE)
def test_no_page_but_the_accounts_own_shows_what_a_customer_typed(request, client_of, account, who, page):
    person = request.getfixturevalue(who)
    keys = {"inbox_event": account.event_id, "feishu_tenant": account.tenant_id}
    args = [] if page.endswith("list") else [keys.get(page.rpartition("_")[0], account.pk)]
    answer = client_of(person).get(reverse(f"admin:{page}", args=args))
    assert answer.status_code in {200, 403}
    for part in ("tk_8f2e6b1c", "tk_", "t***", "7233333", "7***"):
        assert part not in answer.content.decode()
    if page == "inbox_event_change" and answer.status_code == 200:
        is_hr = who in {"hira", "ada"}  # who sees nothing of it
        assert ("custom_field_list" in answer.content.decode()) is not is_hr


@pytest.mark.parametrize(
    ("who", "answered"),
    [
        ("vera", (200, True)),
        ("otto", (200, True)),
        ("root", (200, True)),
        ("audrey", (200, False)),
        ("hira", (403, False)),
        ("ada", (403, False)),
        ("eve", (403, False)),
    ],
)
def test_the_accounts_own_page_shows_the_values_to_those_with_the_right(
    request, client_of, account, who, answered
):
    browser = client_of(request.getfixturevalue(who))
    at_first = browser.get(page_of(account))
    assert at_first.status_code == answered[0]
    assert "tk_8f2e6b1c" not in at_first.text
    assert ("tk_8f2e6b1c" in reveal(browser, page_of(account)).text) is answered[1]


def test_nobody_changes_or_deletes_an_account(vendor, account):
    before = EcoAccount.objects.values().get()
    assert vendor.post(page_of(account), {"name": "x"}).status_code == 403
    assert (
        vendor.post(
            reverse("admin:bindings_ecoaccount_delete", args=[account.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    assert EcoAccount.objects.values().get() == before


def test_the_list_is_filtered_by_type_and_searched_by_id_and_name(vendor, bound, account):
    bound({**BODY, "account_id": "77", "scope": 2, "account_name": "笔试"})
    bound({**BODY, "account_id": "88", "scope": 9, "account_name": ""}, tenant_key="tenant_b")
    found = {
        query: [each.account_id for each in vendor.get(reverse(LIST) + query).context["cl"].result_list]
        for query in ("", "?scope__exact=2", "?q=69312", "?q=笔试", "?q=tenant_b", "?q=tenant_")
    }
    assert found == {
        "": ["88", "77", "6931286400470354183"],
        "?scope__exact=2": ["77"],
        "?q=69312": ["6931286400470354183"],
        "?q=笔试": ["77"],
        "?q=tenant_b": ["88"],
        "?q=tenant_": [],
    }
    assert says(vendor.get(reverse(LIST)), "unknown (9)")


def test_however_many_accounts_a_search_finds_all_are_there(vendor, bound, account, monkeypatch):
    """What is found is sent back to the database by its keys while it is little, else asked for once more."""
    for number in range(4):
        bound({**BODY, "account_id": f"7{number}", "account_name": f"星河 Nova {number}"})
    counted: dict[str, list[str]] = {}
    for most in (300, 3):
        monkeypatch.setattr("hireops.desk.lists.FEW", most)
        for query in ("星河", "nova 星河", "NOVA", "2", "无"):
            answer = vendor.get(reverse(LIST), {"q": query})
            rows = [each.account_id for each in answer.context["cl"].result_list]
            assert counted.setdefault(query, rows) == rows, (most, query)
            assert answer.context["cl"].result_count == len(rows)
    assert counted == {
        "星河": ["73", "72", "71", "70"],
        "nova 星河": ["73", "72", "71", "70"],
        "NOVA": ["73", "72", "71", "70"],
        "2": ["72"],
        "无": [],
    }


def test_what_a_customer_types_is_never_markup(vendor, bound, field):
    bound(
        {**BODY, "account_name": "<script>1</script>", "custom_field_list": [{"key": "<b>", "value": "<i>"}]}
    )
    page = vendor.get(page_of(EcoAccount.objects.get())).content.decode()
    for markup in ("<script>1", "<b>", "<i>"):
        assert markup not in page
    assert CustomField.objects.count() == 0


def test_the_home_page_counts_accounts_and_fields_not_pushed(vendor, account, field):
    field("token")
    field("city", retired=True)
    shown = {str(card.title): card for card in vendor.get(reverse("admin:index")).context["cards"]}
    assert (
        shown["Accounts added in the last 7 days"].value,
        shown["Accounts added in the last 7 days"].note,
    ) == (
        1,
        "1 in all",
    )
    assert shown["Custom fields not yet pushed"].value == 1
    assert shown["Custom fields not yet pushed"].tone == "warn"


def test_the_home_page_counts_no_further_than_it_has_to(vendor, bound, monkeypatch):
    monkeypatch.setattr(cards, "MOST_COUNTED", 2)
    for number in range(3):
        bound({**BODY, "account_id": str(number)})
    with CaptureQueriesContext(connection) as queries:
        page = vendor.get(reverse("admin:index"))
    card = next(each for each in page.context["cards"] if "Accounts added" in str(each.title))
    assert card.note == "2+ in all"
    assert '<span class="card-value">2+</span>' in page.content.decode()
    counts = [each["sql"] for each in queries if "COUNT(" in each["sql"] and "ecoaccount" in each["sql"]]
    assert len(counts) == 4
    assert all("LIMIT 3" in sql for sql in counts)
