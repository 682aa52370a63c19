import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from hireops.desk.roles import grant


class Migration(migrations.Migration):
    # Two new tables and rights; nothing that is there is locked.
    dependencies = [
        ("desk", "0011_workers_by_host"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Restoration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "begun_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="restored",
                    ),
                ),
                (
                    "begun_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the command.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="said by",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("backup_at", models.DateTimeField(blank=True, null=True, verbose_name="as of")),
                ("stands", models.BooleanField(default=True, verbose_name="stands")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="all released")),
            ],
            options={
                "verbose_name": "restoration",
                "verbose_name_plural": "restorations",
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "permissions": [("release_restoration", "Can release what a restored database holds back")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(stands=True), fields=["stands"], name="one_restoration_stands"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(ended_at__isnull=True, stands=True)
                        | models.Q(ended_at__isnull=False, stands=False),
                        name="restoration_has_its_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "restoration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
                        to="desk.restoration",
                        verbose_name="restoration",
                    ),
                ),
                ("part", models.CharField(max_length=32, verbose_name="part")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="time",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="released by",
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("found", models.JSONField(default=dict, verbose_name="what was found")),
            ],
            options={
                "verbose_name": "release",
                "verbose_name_plural": "releases",
                "ordering": ["id"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=["restoration", "part"], name="part_is_released_once"),
                    models.CheckConstraint(condition=~models.Q(reason=""), name="release_has_its_reason"),
                ],
            },
        ),
        grant("administrator", "desk", "view_restoration", "release_restoration"),
        grant("auditor", "desk", "view_restoration"),
    ]
