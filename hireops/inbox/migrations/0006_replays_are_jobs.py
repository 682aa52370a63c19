from django.db import migrations
from django.db.models.functions import Now

REPLAY = "inbox.replay"


def give_jobs(apps, editor):
    """Replays that are not finished go on as long work."""
    jobs = apps.get_model("jobs", "Job").objects
    types = apps.get_model("contenttypes", "ContentType").objects
    for replay in apps.get_model("inbox", "Replay").objects.filter(finished_at=None):
        replays, _made = types.get_or_create(app_label="inbox", model="replay")
        jobs.create(
            kind=REPLAY,
            subject_type=replays,
            subject_id=replay.pk,
            asked_by_id=replay.asked_by_id,
            asked_at=replay.asked_at,
            done=replay.replayed,
            not_before=Now(),
        )


def take_jobs(apps, editor):
    apps.get_model("jobs", "Job").objects.filter(kind=REPLAY).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0005_batches"),
        ("jobs", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(give_jobs, take_jobs)]
