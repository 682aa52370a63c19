"""Lists of any length: searched, sorted and filtered without reading the table from end to end."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hireops.desk import lists
from hireops.desk.audit import entry, record, record_all
from hireops.desk.lists import different_values
from hireops.desk.models import AuditEntry
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

AUDIT = "/admin/desk/auditentry/"
Browser = Callable[[User], Client]


def found(client: Client, url: str, **query: str) -> list[Any]:
    return list(client.get(url, query).context["cl"].result_list)


@pytest.fixture
def entries(ada: User, otto: User) -> list[AuditEntry]:
    return [
        record(by=ada, action="approved", on=ada, reason="otto asked"),
        record(by=otto, action="closed", on=ada),
        record(by=otto, action="approved", on=otto),
    ]


@pytest.fixture
def plans() -> Any:
    """The plan of every query on the audit table, made as if it were too long to be read."""
    seen: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith(("SELECT", "WITH")) and "desk_auditentry" in sql:
            cursor: CursorWrapper = context["cursor"]
            if connection.vendor == "postgresql":
                cursor.cursor.execute("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
            execute(f"{explain} {sql}", params, many, context)
            seen.extend(str(row[-1]) for row in cursor.cursor.fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        yield seen


def reads_all(plan: list[str]) -> list[str]:
    """Steps that walk through the whole table or a whole index of it."""
    return [
        step
        for step in plan
        if "Seq Scan on desk_auditentry" in step or step.startswith("SCAN desk_auditentry")
    ]


def test_the_audit_is_searched_by_user_and_by_object_id(
    entries: list[AuditEntry], audrey: User, client_of: Browser, otto: User
) -> None:
    browser = client_of(audrey)

    assert found(browser, AUDIT, q="otto") == [entries[2], entries[1]]
    assert found(browser, AUDIT, q=f" {otto.pk} ") == [entries[2]]
    assert 'id="searchbar"' in browser.get(AUDIT).content.decode()
    for part in ("OTTO", "ott", "otto asked", "approved"):
        assert found(browser, AUDIT, q=part) == []


def test_no_search_of_the_audit_reads_the_table(
    entries: list[AuditEntry], ada: User, audrey: User, client_of: Browser, plans: list[str]
) -> None:
    # So many that an index is surely cheaper than the page's own order, whatever was counted here before.
    record_all(entry(by=ada, action="approved", on=ada) for _ in range(2000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE desk_auditentry")

    client_of(audrey).get(AUDIT, {"q": "otto"})

    by_page = [step for step in plans if "audit_newest" in step]  # the rows of the page, newest first
    assert [step for step in reads_all(plans) if step not in by_page] == []
    assert any("audit_by_actor" in step for step in plans)
    assert any("audit_by_target" in step for step in plans)


def test_the_filter_offers_each_action_once_and_reads_no_table_for_it(
    entries: list[AuditEntry], audrey: User, client_of: Browser
) -> None:
    browser = client_of(audrey)
    with CaptureQueriesContext(connection) as queries:
        changes = browser.get(AUDIT).context["cl"]

    assert [value for value, _label in changes.filter_specs[-1].lookup_choices] == ["approved", "closed"]
    assert found(browser, AUDIT, action="closed") == [entries[1]]
    assert not [query for query in queries if "DISTINCT" in query["sql"]]


def test_the_actions_are_looked_up_in_the_index(entries: list[AuditEntry], plans: list[str]) -> None:
    assert different_values(AuditEntry, "action") == ["approved", "closed"]
    assert reads_all(plans) == []
    assert plans


def test_a_mirror_has_one_order_also_when_the_address_asks_for_another(
    entries: list[AuditEntry], audrey: User, client_of: Browser
) -> None:
    browser = client_of(audrey)

    page = browser.get(AUDIT, {"o": "6"})

    assert list(page.context["cl"].result_list) == entries[::-1]
    assert 'class="sortable' not in page.content.decode()


class TestOwnDesk:
    pytestmark = pytest.mark.urls("tests.desk.urls")

    @pytest.fixture
    def browser(self, client: Client) -> Client:
        client.force_login(User.objects.create_superuser("root"))
        client.cookies["django_language"] = "en"
        return client

    def test_a_column_of_a_related_table_finds_each_row_once(self, browser: Client) -> None:
        group = ContentType.objects.get(model="group")
        Permission.objects.create(content_type=group, codename="group", name="x")

        assert found(browser, "/admin/contenttypes/contenttype/", q="add_group") == [group]
        assert found(browser, "/admin/contenttypes/contenttype/", q="group") == [group]

    def test_many_that_several_columns_find_are_several_queries_of_one_union(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lists, "FEW", 0)
        a_type = ContentType.objects.get(model="permission")
        Permission.objects.create(codename="group", name="Can be found", content_type=a_type)
        with CaptureQueriesContext(connection) as queries:
            browser.get("/admin/contenttypes/contenttype/", {"q": "group"})

        searches = [query["sql"] for query in queries if "UNION" in query["sql"]]
        assert len(searches) == 2  # the count and the page
        assert not [sql for sql in searches if "UPPER(" in sql or " OR " in sql or "LIKE" in sql]

    def test_few_that_several_columns_find_are_searched_for_once(self, browser: Client) -> None:
        a_type = ContentType.objects.get(model="permission")
        Permission.objects.create(codename="group", name="Can be found", content_type=a_type)
        with CaptureQueriesContext(connection) as queries:
            browser.get("/admin/contenttypes/contenttype/", {"q": "group"})

        searches = [query["sql"] for query in queries if "'group'" in query["sql"]]
        assert len(searches) == 2  # one for each column; the count and the page ask by what they have found
        assert all(f"LIMIT {lists.FEW + 1}" in sql for sql in searches)

    def test_what_is_found_exactly_comes_beside_what_is_found_in_part(self, browser: Client) -> None:
        url = "/admin/auth/permission/"

        assert [each.codename for each in found(browser, url, q="add_group")] == ["add_group"]
        assert [each.codename for each in found(browser, url, q="can add GROUP")] == ["add_group"]
        assert found(browser, url, q="ADD_GROUP") == []

    def test_of_many_rows_on_an_objects_page_the_newest_are_shown(self, browser: Client) -> None:
        group = ContentType.objects.get(model="group")
        url = f"/admin/contenttypes/contenttype/{group.pk}/change/"
        codenames = list(Permission.objects.filter(content_type=group).order_by("pk"))

        page = browser.get(url)

        (inline,) = page.context["inline_admin_formsets"]
        assert [form.instance for form in inline.formset.initial_forms] == codenames[-2:]
        assert "Only the newest 2 are shown here; there are older ones." in page.content.decode()

        Permission.objects.filter(pk__in=[each.pk for each in codenames[:-2]]).delete()
        assert "Only the newest" not in browser.get(url).content.decode()


class TestRefusals:
    """What a service refuses while a form is saved is told, and nothing has changed."""

    pytestmark = pytest.mark.urls("tests.desk.urls")
    LIST = "/admin/auth/permission/"

    @pytest.fixture
    def browser(self, client: Client) -> Client:
        client.force_login(User.objects.create_superuser("root"))
        client.cookies["django_language"] = "en"
        return client

    def told(self, browser: Client, url: str) -> list[str]:
        return [str(message) for message in browser.get(url).context["messages"]]

    def test_in_the_list(self, browser: Client) -> None:
        first, second = Permission.objects.order_by("-id")[:2]
        rows: dict[str, Any] = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
        rows |= {"form-0-id": first.pk, "form-0-name": "new", "form-1-id": second.pk, "form-1-name": "fixed"}

        answer = browser.post(self.LIST, rows)

        assert (answer.status_code, answer["Location"]) == (302, self.LIST)
        assert self.told(browser, self.LIST) == ["It is fixed."]
        assert not Permission.objects.filter(name__in=["new", "fixed"]).exists()

    def test_on_the_page_of_an_object(self, browser: Client) -> None:
        permission = Permission.objects.latest("pk")
        url = f"{self.LIST}{permission.pk}/change/"
        sent = {"name": "fixed", "content_type": permission.content_type_id, "codename": "x"}

        answer = browser.post(url, sent)

        form = answer.context["adminform"].form
        assert form.non_field_errors() == ["It is fixed."]
        assert (form["name"].value(), form["codename"].value()) == ("fixed", "x")  # what was typed stays
        assert not Permission.objects.filter(name="fixed").exists()

    def test_on_the_page_that_deletes(self, browser: Client) -> None:
        permission = Permission.objects.latest("pk")

        answer = browser.post(f"{self.LIST}{permission.pk}/delete/", {"post": "yes"})

        url = f"{self.LIST}{permission.pk}/change/"
        assert (answer.status_code, answer["Location"]) == (302, url)
        assert self.told(browser, url) == ["It is needed."]
        assert Permission.objects.filter(pk=permission.pk).exists()

    def test_what_services_audit_is_not_audited_twice(self, browser: Client) -> None:
        permission = Permission.objects.latest("pk")
        sent = {"name": "new", "content_type": permission.content_type_id, "codename": "x"}

        assert browser.post(f"{self.LIST}{permission.pk}/change/", sent).status_code == 302

        assert Permission.objects.get(pk=permission.pk).name == "new"
        assert AuditEntry.objects.count() == 0
