from datetime import timedelta

from django.conf import settings
from django.db import migrations
from django.db.models.functions import Now
from django.utils import timezone

CHECK, SEND = "referrals.import_check", "referrals.import_send"
COMPARE, ASK_FOR_ALL = "referrals.reconciliation", "referrals.ask_for_all"
SENT = ["ready", "pending", "registered", "refused"]


def give_jobs(apps, editor):
    """What was under way goes on as long work, from where it is."""
    _imports(apps)
    _reconciliations(apps)
    _all_balances(apps)


def _subject(apps, model, pk):
    types = apps.get_model("contenttypes", "ContentType").objects
    subject_type, _made = types.get_or_create(app_label="referrals", model=model)
    return {"subject_type": subject_type, "subject_id": pk}


def _start(apps, kind, **values):
    apps.get_model("jobs", "Job").objects.create(kind=kind, not_before=Now(), **values)


def _imports(apps):
    imports = apps.get_model("referrals", "RegistrationImport").objects.defer("content")
    registrations = apps.get_model("referrals", "Registration").objects
    for each in imports.filter(state="checking"):
        asked = {"asked_by_id": each.uploaded_by_id, "asked_at": each.uploaded_at}
        _start(apps, CHECK, **asked, done=each.rows, **_subject(apps, "registrationimport", each.pk))
    for each in imports.filter(state="sending"):
        total = registrations.filter(batch=each.pk, state__in=SENT).count()
        asked = {"asked_by_id": each.confirmed_by_id, "asked_at": each.confirmed_at}
        _start(apps, SEND, **asked, total=total, **_subject(apps, "registrationimport", each.pk))


def _reconciliations(apps):
    for run in apps.get_model("referrals", "Reconciliation").objects.filter(state="running"):
        asked = {"asked_by_id": run.started_by_id, "asked_at": run.started_at}
        _start(apps, COMPARE, **asked, **_subject(apps, "reconciliation", run.pk))


def _all_balances(apps):
    """Until now the audit entry was the wish; it counted as long as the sweep's hours had not passed."""
    since = timezone.now() - timedelta(hours=settings.REFERRALS_SWEEP_HOURS)
    asked = apps.get_model("desk", "AuditEntry").objects.filter(action="all balances asked for", at__gt=since)
    if newest := asked.order_by("-at").first():
        _start(apps, ASK_FOR_ALL, asked_by_id=newest.actor_id, asked_at=newest.at)


def take_jobs(apps, editor):
    kinds = [CHECK, SEND, COMPARE, ASK_FOR_ALL]
    apps.get_model("jobs", "Job").objects.filter(kind__in=kinds).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0011_payee_and_self_approval"),
        ("jobs", "0001_initial"),
        ("desk", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(give_jobs, take_jobs),
        migrations.RemoveField("registrationimport", "busy_until"),
    ]
