from django.db import migrations

from hireops.desk.roles import grant

SEE = ("view_matchingrule", "view_bindingcode")
WORK = (*SEE, "add_matchingrule", "change_matchingrule", "bind_ecoaccount", "issue_bindingcode")


class Migration(migrations.Migration):
    dependencies = [("bindings", "0015_matching"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
