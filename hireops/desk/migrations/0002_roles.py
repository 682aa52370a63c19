from django.db import migrations

from hireops.desk.roles import ROLES, grant


def create_groups(apps, editor):
    groups = apps.get_model("auth", "Group").objects
    for name in ROLES.values():
        groups.get_or_create(name=name)


def remove_groups(apps, editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES.values()).delete()


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        migrations.RunPython(create_groups, remove_groups),
        grant("administrator", "auth", "view_user", "add_user", "change_user", "delete_user"),
        grant("administrator", "auth", "view_group", "add_group", "change_group", "delete_group"),
        grant("administrator", "desk", "view_auditentry", "view_personal_data"),
        grant("auditor", "desk", "view_auditentry"),
        grant("hr_officer", "desk", "view_personal_data"),
        grant("hr_approver", "desk", "view_personal_data"),
        grant("vendor_operator", "desk", "view_personal_data"),
    ]
