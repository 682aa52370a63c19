import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


def _id():
    return (
        "id",
        models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("outbox", "0008_feishu_tells_the_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="Recipient",
            fields=[
                _id(),
                ("switched_off", models.JSONField(blank=True, default=list)),
                (
                    "out_of_range_since",
                    models.DateTimeField(blank=True, null=True),
                ),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice_recipient",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "recipient of messages",
                "verbose_name_plural": "recipients of messages",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Occasion",
            fields=[
                _id(),
                ("source", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=200)),
                ("since", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("over_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "occasion of messages",
                "verbose_name_plural": "occasions of messages",
                "default_permissions": (),
                "indexes": [models.Index(fields=["over_at"], name="occasion_by_end")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(over_at__isnull=True),
                        fields=("source", "key"),
                        name="one_open_occasion_of_a_key",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                _id(),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("is_test", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                (
                    "call",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notice",
                        to="outbox.call",
                    ),
                ),
                (
                    "occasions",
                    models.ManyToManyField(related_name="messages", to="notices.occasion"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "message in Feishu",
                "verbose_name_plural": "messages in Feishu",
                "ordering": ["-id"],
                "default_permissions": (),
                "indexes": [models.Index(fields=["created_at"], name="notice_by_creation")],
            },
        ),
    ]
