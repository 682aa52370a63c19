from django.db import migrations, models

from hireops.database.empty_last import Downwards


class Migration(migrations.Migration):
    # Orders are sorted by the day for which they are promised; those without one come last.
    dependencies = [("bindings", "0011_home_index")]

    operations = [
        migrations.AddIndex(model_name=model, index=index)
        for model, short in (("backgroundcheck", "check"), ("exam", "exam"))
        for index in (
            models.Index(fields=["promised_on", "-id"], name=f"{short}_first_promised"),
            Downwards(column="promised_on", name=f"{short}_last_promised"),
        )
    ]
