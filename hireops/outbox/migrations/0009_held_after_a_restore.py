from django.db import migrations


class Migration(migrations.Migration):
    # The guard of a call's lease asks desk_restoration.
    dependencies = [("outbox", "0008_feishu_tells_the_time"), ("desk", "0012_restoration")]

    operations = []
