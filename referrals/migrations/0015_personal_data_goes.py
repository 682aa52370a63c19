from django.db import migrations, models
from django.db.models import Q

EMPTIED_AT = {"blank": True, "editable": False, "null": True, "verbose_name": "personal data removed"}


class Migration(migrations.Migration):
    dependencies = [("referrals", "0014_payout_rights")]

    operations = [
        *(
            migrations.AddField(model, "emptied_at", models.DateTimeField(**EMPTIED_AT))
            for model in ("payment", "referralaccount", "registration")
        ),
        migrations.RemoveConstraint("registration", "registration_has_a_contact"),
        migrations.AddConstraint(
            "registration",
            models.CheckConstraint(
                condition=~Q(state__in=["ready", "pending", "registered", "refused"])
                | ~Q(mobile="", email="")
                | Q(state__in=["registered", "refused"], emptied_at__isnull=False),
                name="registration_has_a_contact",
            ),
        ),
    ]
