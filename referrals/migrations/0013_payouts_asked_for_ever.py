"""Withdrawals that the outbox had stopped asking for are its own again: it asks until they are answered."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone


def ask_again(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """A withdrawal is undecided exactly if its call is to be sent. Their order IDs stay what they were."""
    alias = editor.connection.alias
    withdrawals = apps.get_model("referrals", "Withdrawal").objects.using(alias)
    undecided = withdrawals.filter(state__in=["approved", "unknown"])
    calls = apps.get_model("outbox", "Call").objects.using(alias)
    stopped = calls.filter(pk__in=undecided.values("call_id"), state__in=["refused", "waiting"])
    stopped.update(
        state="pending", finished_at=None, not_before=timezone.now(), reason="later", reason_details={}
    )


class Migration(migrations.Migration):
    changes_rows_of = ("outbox_call",)
    dependencies = [
        ("referrals", "0012_long_work"),
        ("outbox", "0007_evidence"),
    ]

    operations = [migrations.RunPython(ask_again, migrations.RunPython.noop)]
