from django.db import migrations

from hireops.desk.roles import grant

SEE = ("view_ecoaccount", "view_customfield", "view_customfieldpush")
WORK = (
    *SEE,
    "view_customfieldvalue",
    "add_customfield",
    "change_customfield",
    "delete_customfield",
    "push_customfield",
)


class Migration(migrations.Migration):
    # HR staff get nothing: the customers of a vendor are none of their business.
    dependencies = [("bindings", "0001_initial"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
