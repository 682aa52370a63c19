import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models import PROTECT, OuterRef, Subquery


def copy_payees(apps, editor):
    """Until now the files showed whatever the account says today; nothing better is known of earlier ones."""
    accounts = apps.get_model("referrals", "ReferralAccount").objects.order_by()
    its = accounts.filter(withdrawals__amounts__payments=OuterRef("pk"))
    apps.get_model("referrals", "Payment").objects.update(
        **{f"payee_{name}": Subquery(its.values(name)[:1]) for name in ("name", "mobile", "email")}
    )


class Migration(migrations.Migration):
    changes_rows_of = ("referrals_payment",)
    dependencies = [("referrals", "0010_lighter_ledger")]

    operations = [
        migrations.AddField(
            "payment", "payee_name", models.CharField(blank=True, max_length=255, verbose_name="employee")
        ),
        migrations.AddField(
            "payment",
            "payee_mobile",
            models.CharField(blank=True, max_length=32, verbose_name="mobile number"),
        ),
        migrations.AddField(
            "payment", "payee_email", models.CharField(blank=True, max_length=254, verbose_name="email")
        ),
        migrations.CreateModel(
            name="SelfApproval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="written",
                    ),
                ),
                (
                    "withdrawal",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        related_name="self_approval",
                        to="referrals.withdrawal",
                        verbose_name="withdrawal",
                    ),
                ),
            ],
            options={
                "verbose_name": "approval of one's own request",
                "verbose_name_plural": "approvals of one's own requests",
                "default_permissions": (),
            },
        ),
        migrations.RunPython(copy_payees, migrations.RunPython.noop),
    ]
