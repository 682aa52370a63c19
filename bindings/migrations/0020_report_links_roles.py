from django.db import migrations

from hireops.desk.roles import grant

SEE = ("view_reportfetch",)
WORK = (*SEE, "change_reportlink", "download_reportfile")


class Migration(migrations.Migration):
    dependencies = [("bindings", "0019_report_links"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
