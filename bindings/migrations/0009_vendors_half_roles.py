from django.db import migrations

from hireops.desk.roles import grant

SEE = (
    "view_customer",
    "view_customercontact",
    "view_checkpackage",
    "view_additionalitem",
    "view_exampaper",
    "view_backgroundcheck",
    "view_checkupdate",
    "view_exam",
    "view_examupdate",
    "view_reportfile",
    "view_reportlink",
)
WORK = (
    *SEE,
    "add_customer",
    "change_customer",
    "add_customercontact",
    "change_customercontact",
    "delete_customercontact",
    "add_checkpackage",
    "change_checkpackage",
    "add_additionalitem",
    "change_additionalitem",
    "add_exampaper",
    "change_exampaper",
    "change_backgroundcheck",
    "change_exam",
    "add_reportfile",
)


class Migration(migrations.Migration):
    # HR staff get nothing: a vendor's customers and their candidates are none of their business.
    dependencies = [("bindings", "0008_vendors_half"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
