from django.db import migrations

from hireops.desk.roles import grant

SEE = (
    "view_customer",
    "view_customercontact",
    "view_customerimport",
    "view_matchingrule",
    "view_bindingcode",
    "view_orderform",
    "view_accountorderform",
    "view_orderformpush",
    "view_checkpackage",
    "view_additionalitem",
    "view_exampaper",
    "view_accountoffer",
    "view_offercall",
    "view_offerrun",
    "view_stagetemplate",
    "view_backgroundcheck",
    "view_checkupdate",
    "view_exam",
    "view_examupdate",
    "view_orderfile",
    "view_orderfilerow",
    "view_reportfile",
    "view_reportlink",
    "view_reportfetch",
    "view_workday",
)
WORK = (
    *SEE,
    "add_customer",
    "change_customer",
    "add_customercontact",
    "change_customercontact",
    "delete_customercontact",
    "add_customerimport",
    "change_customerimport",
    "add_matchingrule",
    "change_matchingrule",
    "bind_ecoaccount",
    "issue_bindingcode",
    "add_orderform",
    "change_orderform",
    "delete_orderform",
    "push_orderform",
    "add_checkpackage",
    "change_checkpackage",
    "add_additionalitem",
    "change_additionalitem",
    "add_exampaper",
    "change_exampaper",
    "choose_offer",
    "send_accountoffer",
    "add_stagetemplate",
    "change_stagetemplate",
    "delete_stagetemplate",
    "change_backgroundcheck",
    "change_exam",
    "view_examaccess",
    "add_orderfile",
    "change_orderfile",
    "add_reportfile",
    "change_reportlink",
    "download_reportfile",
    "change_workday",
)


class Migration(migrations.Migration):
    # HR staff get nothing: a vendor's customers and their candidates are none of their business.
    dependencies = [("bindings", "0008_vendors_half"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", *WORK),
        grant("auditor", "bindings", *SEE),
        grant("administrator", "bindings", *WORK),
    ]
