from django.db import migrations, models


class Migration(migrations.Migration):
    # The guards ask for the step before and after one by (account, asset, id), which only an index in this very
    # order answers: so PostgreSQL takes it whatever its statistics say.
    dependencies = [("referrals", "0024_registration_index")]

    operations = [
        migrations.AddIndex(
            model_name="balancechange",
            index=models.Index(fields=["account", "asset", "id"], name="change_by_step"),
        ),
        migrations.RemoveIndex("balancechange", "change_by_asset"),
    ]
