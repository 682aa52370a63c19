"""Amounts that were approved; and who has acknowledged that Feishu took more."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

NOT_APPROVED = ["requested", "rejected", "canceled"]


def take_what_was_seen_for_approved(apps, editor):
    """Until now the page of the approval showed, and summed up, what was seen when it was asked for."""
    alias = editor.connection.alias
    withdrawals = apps.get_model("referrals", "Withdrawal").objects.using(alias)
    approved = withdrawals.exclude(state__in=NOT_APPROVED).values("pk")
    amounts = apps.get_model("referrals", "WithdrawalAmount").objects.using(alias)
    amounts.filter(withdrawal__in=approved).update(approved=F("seen"))


def settle_questions(apps, editor):
    if editor.connection.vendor == "postgresql":
        # A table with questions that wait gets no constraint.
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    changes_rows_of = ("referrals_withdrawalamount",)
    dependencies = [
        ("referrals", "0027_returns_by_two"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "withdrawalamount",
            "approved",
            models.DecimalField(
                blank=True, decimal_places=2, max_digits=18, null=True, verbose_name="approved"
            ),
        ),
        migrations.AddField(
            "withdrawal",
            "excess_acknowledged_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="difference acknowledged by",
            ),
        ),
        migrations.AddField(
            "withdrawal",
            "excess_acknowledged_at",
            models.DateTimeField(blank=True, null=True, verbose_name="difference acknowledged"),
        ),
        migrations.RunPython(take_what_was_seen_for_approved, migrations.RunPython.noop),
        migrations.RunPython(settle_questions, settle_questions),
        migrations.AddConstraint(
            "withdrawalamount",
            models.CheckConstraint(
                condition=Q(approved__isnull=True) | Q(approved__gte=0),
                name="amount_approved_is_not_negative",
            ),
        ),
        migrations.AddConstraint(
            "withdrawal",
            models.CheckConstraint(
                condition=Q(excess_acknowledged_at__isnull=True, excess_acknowledged_by__isnull=True)
                | Q(excess_acknowledged_at__isnull=False, excess_acknowledged_by__isnull=False),
                name="withdrawal_excess_acknowledged_by_somebody",
            ),
        ),
    ]
