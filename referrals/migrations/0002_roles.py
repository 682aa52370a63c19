from django.db import migrations

from hireops.desk.roles import grant

SEE = (
    "view_referralaccount",
    "view_balancechange",
    "view_registration",
    "view_registrationimport",
    "view_withdrawal",
    "view_payoutbatch",
    "view_payment",
    "view_reconciliation",
    "view_case",
)
WORK = (
    *SEE,
    "add_registration",
    "change_registration",
    "add_registrationimport",
    "change_registrationimport",
    "refresh_referralaccount",
    "switch_referralaccount",
    "request_withdrawal",
    "add_payoutbatch",
    "record_payment",
    "run_reconciliation",
)
DECIDE = (*SEE, "refresh_referralaccount", "approve_withdrawal", "run_reconciliation", "close_case")


class Migration(migrations.Migration):
    # Vendor staff get nothing: what employees are paid is none of their business. Nor does an administrator
    # get what moves money: who hands out rights does not use them.
    dependencies = [("referrals", "0001_initial"), ("desk", "0002_roles")]

    operations = [
        grant("hr_officer", "referrals", *WORK),
        grant("hr_approver", "referrals", *DECIDE),
        grant("auditor", "referrals", *SEE),
        grant("administrator", "referrals", *SEE),
    ]
