from django.db import migrations


class Migration(migrations.Migration):
    # It made guards. These are declared now (docs/decisions/0014) and follow every migrate.
    dependencies = [("referrals", "0002_roles")]

    operations = []
