"""Long lists: paged without ever counting the table."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db, pytest.mark.urls("tests.desk.urls")]

LIST = "/admin/auth/group/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    client.cookies["django_language"] = "en"
    return client


def fill(rows: int) -> None:
    Group.objects.all().delete()
    Group.objects.bulk_create(Group(name=f"group {number:05}") for number in range(rows))


@pytest.mark.parametrize(
    ("rows", "query", "shown", "total"),
    [
        (0, "", 0, "0 groups"),
        (50, "", 50, "50 groups"),
        (51, "?p=2", 1, "51 groups"),
        (550, "", 50, "550 groups"),
        (551, "", 50, "550+ groups"),
        (700, "?p=4", 50, "700 groups"),
        (700, "?p=14", 50, "700 groups"),
        (700, "?q=0068", 11, "11 groups"),
    ],
)
def test_a_short_list_has_its_total_and_a_long_one_says_at_least(
    admin: Client, rows: int, query: str, shown: int, total: str
) -> None:
    fill(rows)

    answer = admin.get(LIST + query)

    assert len(answer.context["cl"].result_list) == shown
    assert total in " ".join(answer.content.decode().split())


def test_no_query_counts_further_than_a_few_pages_ahead(admin: Client) -> None:
    fill(700)

    with CaptureQueriesContext(connection) as queries:
        admin.get(LIST)

    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert len(counts) == 1
    assert "LIMIT 551" in counts[0]
    assert "ORDER BY" not in counts[0]


@pytest.mark.parametrize("page", ["3", "0", "-1", "abc", "99999999999", "²", ""])
def test_a_page_that_does_not_exist_is_no_error(admin: Client, page: str) -> None:
    fill(60)

    assert admin.get(LIST, {"p": page}, follow=True).status_code == 200


def test_a_page_far_away_does_not_read_the_table(admin: Client) -> None:
    fill(60)

    with CaptureQueriesContext(connection) as queries:
        admin.get(LIST, {"p": "999999"})

    limits = [query["sql"].rsplit("LIMIT ", 1)[1] for query in queries if "COUNT(" in query["sql"]]
    assert [limit.split(")")[0] for limit in limits] == ["50001"]
