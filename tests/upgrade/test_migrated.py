"""A database of an earlier commit, brought to today: nothing is lost, and every page opens."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client, RequestFactory

from hireops.database.months import month_of
from hireops.encryption import decrypt_bytes
from hireops.inbox.models import Attempt, Event
from tests.selection import also_on_sqlite
from tests.upgrade.conftest import STARTING_POINTS, Upgraded, all_rows, opened
from tests.upgrade.people import Person, proves, rows
from tests.upgrade.story import NEVER_USED

pytestmark = [also_on_sqlite, pytest.mark.slow]

# Which columns of earlier rows a migration has rewritten since, and why. Everything else is as it was.
REWRITTEN: dict[str, set[str]] = {
    # Encrypted since (tests/inbox/test_encrypted_raw.py).
    "inbox_conflict": {"raw"},
}
# Which rows a migration has removed since, and why.
REMOVED: dict[str, Callable[[dict[str, Any]], bool]] = {
    # Beat has a row for each host; the one of before would look like a beat that has stopped.
    "desk_heartbeat": lambda row: row["name"] == "beat",
}
# Django's own tables: migrating fills them.
FILLED = {"django_migrations", "django_content_type", "auth_permission", "auth_group_permissions"}
OPENED_OF_EACH = 2


@pytest.mark.usefixtures("django_db_setup")
def test_there_is_a_starting_point_of_this_kind_of_database():
    assert STARTING_POINTS


def test_something_was_in_every_table(at_first: Upgraded):
    empty = {table for table, found in at_first.before.items() if not found}
    assert empty <= NEVER_USED


def test_every_row_is_there_as_it_was(at_first: Upgraded):
    after = all_rows()
    for table, before in at_first.before.items():
        if table in FILLED | NEVER_USED or table not in after:
            continue
        kept = (before[0].keys() & after[table][0].keys()) - REWRITTEN.get(table, set())
        stays = [row for row in before if not REMOVED.get(table, _never)(row)]
        assert _cut(after[table], kept) == _cut(stays, kept), table


def _never(_row: dict[str, Any]) -> bool:
    return False


def _cut(found, columns):
    return [{name: row[name] for name in columns} for row in found]


def test_what_feishu_sent_is_encrypted_and_opens_to_what_it_was(at_first: Upgraded):
    after = all_rows()
    whole = [row for row in at_first.before["inbox_event"] if not row.get("trimmed_at")]
    for before, found in (
        (whole, after["inbox_eventcontent"]),
        (at_first.before["inbox_conflict"], after["inbox_conflict"]),
    ):
        for was, now in zip(before, found, strict=True):
            clear = _in_clear(was["raw"])
            assert decrypt_bytes(now["raw"]) == clear
            assert not now["raw"] or clear not in bytes(now["raw"])
            assert now["payload"] == was["payload"]


def test_what_feishu_said_goes_with_the_month_in_which_it_came(at_first: Upgraded):
    months = {row["event_id"]: row["month"] for row in all_rows()["inbox_eventcontent"]}
    for event in Event.objects.filter(pk__in=months):
        assert months[event.pk] == month_of(event.received_at)
    for attempt in Attempt.objects.all():
        assert attempt.month == month_of(attempt.finished_at)


def _in_clear(raw: Any) -> bytes:
    """As it came, also in a database that has it encrypted already."""
    return decrypt_bytes(raw) or bytes(raw)


def test_who_goes_back_has_it_as_it_was(upgraded: Upgraded, tmp_path: Path, django_db_blocker: Any):
    database = upgraded.database.copy(tmp_path)
    try:
        with django_db_blocker.unblock(), opened(database):
            call_command("migrate", "inbox", "0006", verbosity=0)
            after = all_rows()
    finally:
        database.drop()
    for table in ("inbox_event", "inbox_conflict"):
        columns = upgraded.before[table][0].keys() & after[table][0].keys()
        before = [{**row, "raw": _in_clear(row["raw"])} for row in upgraded.before[table]]
        found = [{**row, "raw": bytes(row["raw"])} for row in after[table]]
        assert _cut(found, columns) == _cut(before, columns)


def test_every_balance_is_the_sum_of_its_changes(at_first: Upgraded):
    proves("prove_balances")


def test_nothing_is_left_to_migrate(at_first: Upgraded):
    call_command("migrate", check_unapplied=True, verbosity=0)


def test_it_is_ready(at_first: Upgraded):
    assert Client().get("/readyz").status_code == 200


def test_every_list_opens_and_the_newest_rows_of_each(at_first: Upgraded):
    root, request = Person("root"), RequestFactory().get("/admin/")
    request.user = User.objects.get(username="root")
    for model, pages in site._registry.items():
        page = f"{model._meta.app_label}/{model._meta.model_name}/"
        root.page(page)
        if model._meta.proxy:
            continue  # its rows have their page with the model that it stands for
        for row in pages.get_queryset(request).order_by("-pk")[:OPENED_OF_EACH]:  # not sessions long over
            root.page(f"{page}{row.pk}/change/")


def test_history_can_still_not_be_changed(at_first: Upgraded):
    change = rows("referrals.BalanceChange").first()
    for statement in (
        "UPDATE referrals_balancechange SET asset = 'CNY'",
        "DELETE FROM referrals_balancechange",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{statement} WHERE id = %s", [change.pk])
