from django.db import migrations

from hireops.desk.append_only import refuse_replacing


class Migration(migrations.Migration):
    dependencies = [("bindings", "0004_pushes_append_only")]

    operations = [refuse_replacing("bindings_customfieldpush", unique=["id", "call_id"])]
