from pathlib import Path

from django.db import migrations, models

NEWEST = max(path.stem for path in Path(__file__).parent.glob("0*.py") if path.stem < "0900")


class Migration(migrations.Migration):
    dependencies = [("inbox", NEWEST)]

    operations = [migrations.AddField("event", "remark", models.CharField(max_length=20, null=True))]
