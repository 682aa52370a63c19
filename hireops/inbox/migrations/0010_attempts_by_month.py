"""Tries to handle an event are kept by month, too, so that those of years ago can be dropped.

Going back leaves the table as it is: code that knows of no months writes into the present one.
"""

import django.db.models.deletion
from django.db import migrations, models

import hireops.database.months
from hireops.database.operations import create_monthly, make_months

MONTH = {
    "postgresql": "TO_CHAR(finished_at AT TIME ZONE 'UTC', 'YYYYMM')::INTEGER",
    "sqlite": "CAST(STRFTIME('%Y%m', finished_at) AS INTEGER)",
}
COPY = """
    INSERT INTO inbox_attempt (id, event_id, started_at, finished_at, outcome, error, month)
    SELECT id, event_id, started_at, finished_at, outcome, error, {month} FROM inbox_formerattempt
"""


def build_anew(apps, editor):
    with editor.connection.cursor() as cursor:
        columns = editor.connection.introspection.get_table_description(cursor, "inbox_attempt")
    if "month" in [column.name for column in columns]:
        return
    vendor = editor.connection.vendor
    editor.execute("ALTER TABLE inbox_attempt RENAME TO inbox_formerattempt")
    if vendor == "postgresql":
        editor.execute("ALTER INDEX inbox_attempt_pkey RENAME TO inbox_formerattempt_pkey")
    create_monthly(editor, apps.get_model("inbox", "Attempt"))
    make_months(editor, "inbox_attempt", of="inbox_formerattempt", by="finished_at")
    editor.execute(COPY.format(month=MONTH[vendor]), params=None)
    editor.execute("DROP TABLE inbox_formerattempt")
    if vendor == "postgresql":
        editor.execute(
            "SELECT setval(pg_get_serial_sequence('inbox_attempt', 'id'), max(id)) FROM inbox_attempt"
        )


class Migration(migrations.Migration):
    changes_rows_of = ("inbox_attempt",)
    dependencies = [("inbox", "0009_content_by_month")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="attempt",
                    name="month",
                    field=models.IntegerField(
                        db_default=hireops.database.months.ThisMonth(), editable=False, verbose_name="month"
                    ),
                ),
                migrations.AlterField(
                    model_name="attempt",
                    name="event",
                    field=models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="attempts",
                        to="inbox.event",
                        verbose_name="event",
                    ),
                ),
            ]
        ),
        migrations.RunPython(build_anew, migrations.RunPython.noop),
    ]
