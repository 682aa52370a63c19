from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0007_evidence")]

    operations = [
        migrations.AddField(
            "attempt",
            "feishu_at",
            models.DateTimeField(blank=True, null=True, verbose_name="answered, by Feishu's clock"),
        ),
    ]
