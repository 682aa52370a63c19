from django.db import migrations

from hireops.desk.append_only import refuse_changes


class Migration(migrations.Migration):
    # A later migration that alters this table builds a new one on SQLite, without triggers: repeat this there.
    dependencies = [("bindings", "0003_database_clock")]

    operations = [refuse_changes("bindings_customfieldpush", unique=["id", "call_id"])]
