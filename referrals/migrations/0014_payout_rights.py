from django.db import migrations

from hireops.people.had_already import had_already


class Migration(migrations.Migration):
    # Who can approve or pay when this comes in goes on doing so; who gets it later waits.
    dependencies = [("referrals", "0013_payouts_asked_for_ever"), ("people", "0001_rights_and_sessions")]

    operations = [had_already("referrals", "approve_withdrawal", "add_payoutbatch", "record_payment")]
