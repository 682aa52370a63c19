from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bindings", "0023_exam_roles")]

    operations = [migrations.RenameField("offereditem", "creates_refused", "creates_together")]
