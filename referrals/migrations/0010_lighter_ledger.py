from django.db import migrations, models
from django.db.models import PROTECT, Q


def without_index(model, field, to, related_name, verbose_name, *, index, null=False):
    """The index goes, and the table stays: SQLite would build a new one."""
    column = {"blank": True, "null": True} if null else {}
    key = models.ForeignKey(
        to, PROTECT, db_index=False, related_name=related_name, verbose_name=verbose_name, **column
    )
    table, column_name = f"referrals_{model}", f"{field}_id"
    return migrations.SeparateDatabaseAndState(
        state_operations=[migrations.AlterField(model, field, key)],
        database_operations=[
            migrations.RunSQL(
                f'DROP INDEX "{table}_{column_name}_{index}"',
                f'CREATE INDEX "{table}_{column_name}_{index}" ON "{table}" ("{column_name}")',
            )
        ],
    )


class Migration(migrations.Migration):
    """Less is written with each step of a balance."""

    dependencies = [("referrals", "0009_roles_in_the_boxes")]

    operations = [
        without_index("referralaccount", "tenant", "feishu.tenant", "+", "tenant", index="a0fbe669"),
        without_index(
            "referralaccount", "figure_event", "inbox.event", "+", "event", index="64d9aa97", null=True
        ),
        without_index(
            "referralaccount", "figure_call", "outbox.call", "+", "call", index="703cb84c", null=True
        ),
        without_index(
            "balance",
            "account",
            "referrals.referralaccount",
            "balances",
            "referral account",
            index="b79f4dd4",
        ),
        without_index(
            "balancechange",
            "account",
            "referrals.referralaccount",
            "changes",
            "referral account",
            index="213f4277",
        ),
        without_index("balancechange", "call", "outbox.call", "+", "call", index="f1c5bcb5", null=True),
        without_index(
            "balancechange",
            "withdrawal",
            "referrals.withdrawal",
            "changes",
            "withdrawal",
            index="6eadf494",
            null=True,
        ),
        migrations.AddIndex(
            "balancechange",
            models.Index(fields=["call"], condition=Q(call__isnull=False), name="change_by_call"),
        ),
        migrations.AddIndex(
            "balancechange",
            models.Index(
                fields=["withdrawal"], condition=Q(withdrawal__isnull=False), name="change_by_withdrawal"
            ),
        ),
    ]
