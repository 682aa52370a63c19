"""Withdrawals that Feishu never answers can be ended by two people."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from hireops.desk.roles import grant

SEE = "view_ending"
PROPOSE = ("view_ending", "add_ending")


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0007_evidence"),
        ("desk", "0002_roles"),
        ("referrals", "0016_events_from_the_future"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Ending",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("not_done", "It was not done"), ("taken", "It was done after all")],
                        max_length=16,
                        verbose_name="what became of it",
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
                ("taken", models.JSONField(blank=True, default=dict, verbose_name="taken")),
                ("trans_time", models.DateTimeField(blank=True, null=True, verbose_name="transaction time")),
                (
                    "proposed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="proposed",
                    ),
                ),
                ("reason", models.TextField(verbose_name="why")),
                ("evidence", models.JSONField(default=dict, verbose_name="evidence")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("decision_reason", models.TextField(blank=True, verbose_name="why it was decided so")),
                ("decided_on", models.JSONField(default=dict, verbose_name="evidence when deciding")),
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
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
                (
                    "withdrawal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endings",
                        to="referrals.withdrawal",
                        verbose_name="withdrawal",
                    ),
                ),
            ],
            options={
                "verbose_name": "ending of a withdrawal",
                "verbose_name_plural": "endings of withdrawals",
                "ordering": ["-id"],
                "default_permissions": ("add", "view"),
                "indexes": [models.Index(fields=["state", "-id"], name="ending_by_state")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["proposed", "confirmed", "declined", "canceled"])),
                        name="ending_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "not_done"), ("taken", {}), ("trans_time__isnull", True)),
                            models.Q(("outcome", "taken"), ("trans_time__isnull", False)),
                            _connector="OR",
                        ),
                        name="ending_taken_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="ending_has_its_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("state", "proposed"),
                            ),
                            models.Q(
                                models.Q(("state", "proposed"), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="ending_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "confirmed"), _negated=True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ("self_approved", True),
                            _connector="OR",
                        ),
                        name="ending_confirmed_by_another",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["proposed", "confirmed"])),
                        fields=("withdrawal", "outcome"),
                        name="one_ending_of_a_withdrawal",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="withdrawal",
            name="withdrawal_state_is_known",
        ),
        migrations.AlterField(
            model_name="case",
            name="kind",
            field=models.CharField(
                choices=[
                    ("points", "Points differ from Feishu's"),
                    ("cash", "Cash differs within hireops"),
                    ("drift", "Balance moved without an event"),
                    ("unasked", "Feishu names what was not asked for"),
                    ("unknown_account", "Feishu does not know the account"),
                    ("contact", "Contact differs from Feishu's"),
                    ("future", "An event tells of a change in the future"),
                    ("turned_out", "Ended as not done, and may be done"),
                ],
                max_length=16,
                verbose_name="what",
            ),
        ),
        migrations.AlterField(
            model_name="withdrawal",
            name="state",
            field=models.CharField(
                choices=[
                    ("requested", "waits for approval"),
                    ("rejected", "rejected"),
                    ("canceled", "withdrawn by the requester"),
                    ("approved", "on its way to Feishu"),
                    ("unknown", "no answer from Feishu yet"),
                    ("not_done", "ended as not done"),
                    ("refused", "refused by Feishu"),
                    ("empty", "nothing was there"),
                    ("taken", "to be paid"),
                    ("handed_over", "handed over for payment"),
                    ("bounced", "payment came back"),
                    ("paid", "paid"),
                ],
                default="requested",
                max_length=16,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="withdrawal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "requested",
                            "rejected",
                            "canceled",
                            "approved",
                            "unknown",
                            "not_done",
                            "refused",
                            "empty",
                            "taken",
                            "handed_over",
                            "bounced",
                            "paid",
                        ],
                    )
                ),
                name="withdrawal_state_is_known",
            ),
        ),
        grant("hr_officer", "referrals", *PROPOSE),
        grant("hr_approver", "referrals", *PROPOSE),
        grant("auditor", "referrals", SEE),
        grant("administrator", "referrals", SEE),
    ]
