from django.db import migrations

from hireops.desk.roles import grant

SEE = ("view_orderfile", "view_orderfilerow")
WORK = (*SEE, "add_orderfile", "change_orderfile")


class Migration(migrations.Migration):
    # HR staff get nothing: what is told of a vendor's orders is none of their business.
    dependencies = [("bindings", "0032_files_about_orders"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
