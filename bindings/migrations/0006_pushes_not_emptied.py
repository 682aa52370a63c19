from django.db import migrations

from hireops.desk.append_only import refuse_emptying


class Migration(migrations.Migration):
    dependencies = [("bindings", "0005_pushes_not_replaced")]

    operations = [refuse_emptying("bindings_customfieldpush")]
