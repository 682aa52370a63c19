from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feishu", "0003_quotas")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="state_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="state since"),
        ),
    ]
