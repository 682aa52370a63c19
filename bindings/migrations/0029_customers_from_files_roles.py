from django.db import migrations

from hireops.desk.roles import grant

SEE = ("view_customerimport",)
WORK = (*SEE, "add_customerimport", "change_customerimport")


class Migration(migrations.Migration):
    dependencies = [("bindings", "0028_customers_from_files"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
