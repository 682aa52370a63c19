from django.db import migrations, models


class Migration(migrations.Migration):
    # Accounts are inserted by the hundred, with the columns that their event fills and no other.
    dependencies = [("bindings", "0009_vendors_half_roles")]

    operations = [
        migrations.AlterField(
            model_name="ecoaccount",
            name="set_aside",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="set aside"
            ),
        ),
    ]
