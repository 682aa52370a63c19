"""Functions with the owner's rights find nothing any more that their caller has made.

The guards get their own search path at the end of each ``migrate``.
"""

from django.db import migrations

from hireops.database.operations import ReplaceMonthFunctions


class Migration(migrations.Migration):
    dependencies = [("inbox", "0010_attempts_by_month")]

    operations = [
        ReplaceMonthFunctions(
            "inbox_eventcontent",
            needed="it.event_id IN (SELECT id FROM {schema}.inbox_event WHERE not_before IS NOT NULL)",
        ),
        ReplaceMonthFunctions("inbox_attempt"),
    ]
