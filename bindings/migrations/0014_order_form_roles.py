from django.db import migrations

from hireops.desk.roles import grant

SEE = ("view_orderform", "view_accountorderform", "view_orderformpush")
WORK = (*SEE, "add_orderform", "change_orderform", "delete_orderform", "push_orderform")


class Migration(migrations.Migration):
    dependencies = [("bindings", "0013_order_forms"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
