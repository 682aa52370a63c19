from django.db import migrations

from hireops.desk.roles import grant

SEE = ("view_accountoffer", "view_offercall", "view_offerrun")
WORK = (*SEE, "send_accountoffer")


class Migration(migrations.Migration):
    dependencies = [("bindings", "0017_account_offers"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
