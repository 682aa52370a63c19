"""Who tries to carry a guarded database over row by row is told what to use."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection

from hireops.desk.models import AuditEntry
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]
TOOL = "pg_dump" if connection.vendor == "postgresql" else ".backup"


@pytest.mark.parametrize("labels", [[], ["referrals"], ["outbox.Call"], ["auth", "desk.auditentry"]], ids=str)
def test_tables_with_guards_are_not_dumped(labels: list[str]):
    with pytest.raises(CommandError, match="Copy the whole database") as refusal:
        call_command("dumpdata", *labels)
    assert TOOL in str(refusal.value)


def test_others_are_dumped_and_loaded(tmp_path: Path):
    fixture = tmp_path / "groups.json"
    call_command("dumpdata", "auth.group", output=str(fixture))
    before = Group.objects.count()
    Group.objects.all().delete()
    call_command("loaddata", str(fixture), verbosity=0)
    assert Group.objects.count() == before > 0


def test_tables_with_guards_are_not_loaded(tmp_path: Path):
    fixture = tmp_path / "audit.json"
    fields = {"action": "approved", "target_type": 1, "target_id": "1", "target_label": "x"}
    fixture.write_text(json.dumps([{"model": "desk.auditentry", "fields": fields}]))
    with pytest.raises(CommandError, match="Copy the whole database"):
        call_command("loaddata", str(fixture), verbosity=0)
    assert not AuditEntry.objects.exists()
