"""What an event said moves to a table of its own, by the month in which it came, with all that is there.

All in one transaction, in which nobody else writes; ``migrate --plan`` estimates for how long.
"""

import django.db.models.deletion
from django.db import migrations, models

import hireops.database.months
import hireops.encrypted_columns
import hireops.inbox.models
from hireops.database.operations import CreateMonthlyModel, make_months

MONTH = {
    "postgresql": "TO_CHAR(received_at AT TIME ZONE 'UTC', 'YYYYMM')::INTEGER",
    "sqlite": "CAST(STRFTIME('%Y%m', received_at) AS INTEGER)",
}
MOVE = """
    INSERT INTO inbox_eventcontent (event_id, month, raw, payload)
    SELECT id, {month}, raw, payload FROM inbox_event WHERE trimmed_at IS NULL
"""
MOVE_BACK = """
    UPDATE inbox_event SET raw = content.raw, payload = content.payload, trimmed_at = NULL
    FROM inbox_eventcontent AS content WHERE content.event_id = inbox_event.id
"""


def move(apps, editor):
    make_months(editor, "inbox_eventcontent", of="inbox_event", by="received_at")
    # None, not (): a percent sign is one.
    editor.execute(MOVE.format(month=MONTH[editor.connection.vendor]), params=None)


def move_back(apps, editor):
    editor.execute("UPDATE inbox_event SET trimmed_at = received_at")
    editor.execute(MOVE_BACK)


class Migration(migrations.Migration):
    changes_rows_of = ("inbox_event",)
    dependencies = [("inbox", "0008_journal_failures")]

    operations = [
        CreateMonthlyModel(
            name="EventContent",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="content",
                        serialize=False,
                        to="inbox.event",
                    ),
                ),
                (
                    "month",
                    models.IntegerField(
                        db_default=hireops.database.months.ThisMonth(), editable=False, verbose_name="month"
                    ),
                ),
                ("raw", hireops.encrypted_columns.EncryptedBinaryField(verbose_name="raw bytes")),
                (
                    "payload",
                    models.JSONField(
                        blank=True,
                        decoder=hireops.inbox.models.DecimalDecoder,
                        null=True,
                        verbose_name="content",
                    ),
                ),
            ],
            options={
                "verbose_name": "content",
                "verbose_name_plural": "contents",
                "default_permissions": (),
            },
            needed="it.event_id IN (SELECT id FROM {schema}.inbox_event WHERE not_before IS NOT NULL)",
        ),
        migrations.RemoveConstraint(model_name="event", name="event_to_be_handled_has_its_content"),
        migrations.RunPython(move, move_back),
        migrations.RemoveIndex(model_name="event", name="event_to_trim"),
        migrations.RemoveField(model_name="event", name="trimmed_at"),
        # So that whoever goes back has something there before it is moved back.
        migrations.AlterField(
            model_name="event",
            name="raw",
            field=models.BinaryField(default=b"", verbose_name="raw bytes"),
        ),
        migrations.RemoveField(model_name="event", name="raw"),
        migrations.RemoveField(model_name="event", name="payload"),
    ]
