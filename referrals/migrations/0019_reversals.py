"""A payment that was recorded as made can be taken back by two people, and what came back is paid at once."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q

from hireops.desk.roles import grant

SEE = "view_reversal"
LIVE = Q(state__in=["handed_over", "paid"])  # nothing is reversed yet


def name_the_earlier_ones(apps, editor):
    payments = apps.get_model("referrals", "Payment").objects.using(editor.connection.alias)
    of_amount = dict[int, int]()
    for pk, amount in payments.order_by("pk").values_list("pk", "amount"):
        if amount in of_amount:
            payments.filter(pk=pk).update(instead_of=of_amount[amount])
        of_amount[amount] = pk


def let_what_came_back_be_paid(apps, editor):
    """Until now it waited for the other amounts of its withdrawal."""
    alias = editor.connection.alias
    payments = apps.get_model("referrals", "Payment").objects.using(alias).filter(amount=OuterRef("pk"))
    amounts = apps.get_model("referrals", "WithdrawalAmount").objects.using(alias)
    came_back = amounts.filter(Exists(payments), ~Exists(payments.filter(LIVE)), taken__gt=0)
    withdrawals = apps.get_model("referrals", "Withdrawal").objects.using(alias)
    waiting = withdrawals.filter(Exists(came_back.filter(withdrawal=OuterRef("pk"))), state="handed_over")
    waiting.update(state="bounced")


def let_it_wait(apps, editor):
    alias = editor.connection.alias
    payments = apps.get_model("referrals", "Payment").objects.using(alias)
    on_their_way = payments.filter(amount__withdrawal=OuterRef("pk"), state="handed_over")
    withdrawals = apps.get_model("referrals", "Withdrawal").objects.using(alias)
    withdrawals.filter(Exists(on_their_way), state="bounced").update(state="handed_over")


def settle_questions(apps, editor):
    if editor.connection.vendor == "postgresql":
        # A table with questions that wait gets no constraint.
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def person(name):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        verbose_name=name,
    )


class Migration(migrations.Migration):
    changes_rows_of = ("referrals_payment", "referrals_withdrawal")
    dependencies = [
        ("desk", "0002_roles"),
        ("referrals", "0018_customers_of_a_store_app"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "payment",
            "reversed_at",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="reversed"),
        ),
        migrations.AddField(
            "payment",
            "instead_of",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="paid_again_by",
                to="referrals.payment",
                verbose_name="paid instead of",
            ),
        ),
        migrations.RunPython(name_the_earlier_ones, migrations.RunPython.noop),
        migrations.RunPython(let_what_came_back_be_paid, let_it_wait),
        migrations.RunPython(settle_questions, settle_questions),
        migrations.RemoveConstraint("payment", "amount_is_paid_once"),
        migrations.AddConstraint(
            "payment",
            models.UniqueConstraint(
                condition=Q(reversed_at__isnull=True, state__in=["handed_over", "paid"]),
                fields=("amount",),
                name="amount_is_paid_once",
            ),
        ),
        migrations.AddConstraint(
            "payment",
            models.CheckConstraint(
                condition=Q(state="paid") | Q(reversed_at__isnull=True), name="payment_reversed_was_made"
            ),
        ),
        migrations.CreateModel(
            name="Reversal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("account_closed", "returned by the bank: the account is closed"),
                            ("name_mismatch", "returned by the bank: the name does not match the account"),
                            ("wrong_row", "never made: the wrong row was recorded in hireops"),
                            ("other", "another reason"),
                        ],
                        max_length=16,
                        verbose_name="what happened",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "waits for a second person"),
                            ("confirmed", "confirmed"),
                            ("declined", "declined"),
                            ("canceled", "taken back"),
                        ],
                        default="proposed",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                (
                    "proposed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="proposed",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="why")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("decision_reason", models.TextField(blank=True, verbose_name="why it was decided so")),
                (
                    "self_approved",
                    models.BooleanField(default=False, verbose_name="confirmed by the proposer"),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                ("proposed_by", person("proposed by")),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversals",
                        to="referrals.payment",
                        verbose_name="payment",
                    ),
                ),
            ],
            options={
                "verbose_name": "reversal of a payment",
                "verbose_name_plural": "reversals of payments",
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["state", "-id"], name="reversal_by_state")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state__in=["proposed", "confirmed", "declined", "canceled"]),
                        name="reversal_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(cause__in=["account_closed", "name_mismatch", "wrong_row", "other"]),
                        name="reversal_cause_is_known",
                    ),
                    models.CheckConstraint(
                        condition=~Q(cause="other") | ~Q(reason=""), name="reversal_of_another_cause_says_it"
                    ),
                    models.CheckConstraint(
                        condition=Q(decided_at__isnull=True, decided_by__isnull=True, state="proposed")
                        | (~Q(state="proposed") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                        name="reversal_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="confirmed")
                        | ~Q(decided_by=models.F("proposed_by"))
                        | Q(self_approved=True),
                        name="reversal_confirmed_by_another",
                    ),
                    models.UniqueConstraint(
                        condition=Q(state__in=["proposed", "confirmed"]),
                        fields=("payment",),
                        name="one_reversal_of_a_payment",
                    ),
                ],
            },
        ),
        *(
            grant(role, "referrals", SEE)
            for role in ("hr_officer", "hr_approver", "auditor", "administrator")
        ),
    ]
