"""That a payment came back is said by two people or by a results file, which is kept.

Returns recorded before stay as they are: their amounts are free, as for two people.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0026_perhaps_paid"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ResultsFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=255, verbose_name="file")),
                ("sheet", models.CharField(blank=True, max_length=255, verbose_name="sheet")),
                ("content", models.BinaryField()),
                ("offered", models.JSONField(default=list, editable=False)),
                (
                    "uploaded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="uploaded",
                    ),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="recorded"),
                ),
                (
                    "emptied_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="personal data removed"
                    ),
                ),
            ],
            options={
                "verbose_name": "results file",
                "verbose_name_plural": "results files",
                "ordering": ["-id"],
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="case",
            name="payment",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cases",
                to="referrals.payment",
                verbose_name="payment",
            ),
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
                    ("perhaps_paid", "Perhaps paid after the backup"),
                    ("returned_paid", "Recorded as come back, and paid by the bank"),
                ],
                max_length=16,
                verbose_name="what",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("payment__isnull", False)), fields=["payment"], name="case_by_payment"
            ),
        ),
        migrations.AddField(
            model_name="resultsfile",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="results_files",
                to="referrals.payoutbatch",
                verbose_name="payout batch",
            ),
        ),
        migrations.AddField(
            model_name="resultsfile",
            name="uploaded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="uploaded by",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="evidence",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="referrals.resultsfile",
                verbose_name="recorded from",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("evidence__isnull", False)),
                fields=["evidence"],
                name="payment_by_evidence",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("reversed_at__isnull", False)),
                fields=["reversed_at"],
                name="payment_by_reversal",
            ),
        ),
        migrations.AddIndex(
            model_name="resultsfile",
            index=models.Index(
                condition=models.Q(("emptied_at__isnull", True)),
                fields=["uploaded_at"],
                name="results_file_to_empty",
            ),
        ),
    ]
