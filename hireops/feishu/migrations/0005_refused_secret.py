from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feishu", "0004_tenant_state_at")]

    operations = [
        migrations.CreateModel(
            name="RefusedSecret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("code", models.BigIntegerField()),
                ("refused_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"default_permissions": ()},
        ),
    ]
