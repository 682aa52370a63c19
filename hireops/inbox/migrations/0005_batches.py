from django.db import migrations, models
from django.db.models import F

PIECE = 1000
# As hireops.feishu.callbacks has them since.
SUBJECT_KEYS = ("account_id", "background_check_id", "exam_id")


def end_open_attempts(apps, editor):
    """A worker had them in hand when it was stopped for the update; their events come again by themselves."""
    attempts = apps.get_model("inbox", "Attempt").objects
    attempts.filter(finished_at=None).update(finished_at=F("started_at"), outcome="lost")


def tell_subjects(apps, editor):
    """Until now a worker wrote them; now they come with the event."""
    events = apps.get_model("inbox", "Event").objects.filter(subject=None, payload__isnull=False)
    last = 0
    while piece := list(events.filter(pk__gt=last).order_by("pk").only("payload")[:PIECE]):
        last = piece[-1].pk
        for event in piece:
            event.subject = _subject(event.payload)
        named = [event for event in piece if event.subject]
        events.model.objects.bulk_update(named, ["subject"], batch_size=100)


def _subject(payload):
    body = payload.get("event") if isinstance(payload, dict) else None
    ids = [body.get(key) for key in SUBJECT_KEYS] if isinstance(body, dict) else []
    return next((text[:255] for text in ids if isinstance(text, str) and text), None)


class Migration(migrations.Migration):
    dependencies = [("inbox", "0004_replay_roles")]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("events", models.JSONField()),
                ("started_at", models.DateTimeField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RemoveField("event", "lease_key"),
        migrations.RunPython(end_open_attempts, migrations.RunPython.noop),
        migrations.RunPython(tell_subjects, migrations.RunPython.noop),
        migrations.AlterField("attempt", "finished_at", models.DateTimeField(verbose_name="finished")),
        migrations.AlterField(
            "attempt",
            "outcome",
            models.CharField(
                choices=[
                    ("handled", "Handled"),
                    ("unhandled", "No handler"),
                    ("raised", "Raised an error"),
                    ("lost", "Worker was lost"),
                ],
                max_length=16,
                verbose_name="outcome",
            ),
        ),
    ]
