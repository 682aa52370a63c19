"""Accounts that an event from the future has deafened hear again.

Its figure counts from when the event came here, so that every later one is newer; the time itself counts for
nothing, becomes a case, and Feishu is asked for the balance before all others.
"""

from datetime import timedelta

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Now

FROM_THE_FUTURE = timedelta(minutes=5)
TIMES = ("figure_at", "modify_time", "points_taken_at", "cash_taken_at")
TAKEN = ("points_taken_at", "cash_taken_at")


def hear_again(apps, _schema_editor):
    accounts = apps.get_model("referrals.ReferralAccount").objects.annotate(now=Now())
    cases = apps.get_model("referrals.Case").objects
    in_the_future = Q()
    for name in TIMES:
        in_the_future |= Q(**{f"{name}__gt": Now() + FROM_THE_FUTURE})
    deaf = accounts.filter(in_the_future)
    for account in deaf.select_related("figure_event", "figure_call").iterator():
        limit = account.now + FROM_THE_FUTURE
        for name in TAKEN:
            if _is_after(getattr(account, name), limit):
                setattr(account, name, account.now)
        if _is_after(account.figure_at, limit):
            account.figure_at = _came_at(account)
        if _is_after(account.modify_time, limit):
            account.modify_time = None
        account.queried_at = None
        account.save(update_fields=[*TIMES, "queried_at"])
        cases.create(kind="future", account=account, event=account.figure_event)


def _is_after(moment, limit):
    return moment is not None and moment > limit


def _came_at(account):
    """Not before a withdrawal: or the figure would count as emptied by it, and the balance does not."""
    event, call = account.figure_event, account.figure_call
    came_at = event.received_at if event else call.created_at
    return max([came_at, *filter(None, (getattr(account, name) for name in TAKEN))])


class Migration(migrations.Migration):
    changes_rows_of = ("referrals_referralaccount",)
    dependencies = [
        ("referrals", "0015_personal_data_goes"),
        ("inbox", "0001_initial"),
        ("outbox", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            "case",
            "event",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inbox.event",
                verbose_name="event",
            ),
        ),
        migrations.AlterField(
            "case",
            "kind",
            models.CharField(
                choices=[
                    ("points", "Points differ from Feishu's"),
                    ("cash", "Cash differs within hireops"),
                    ("drift", "Balance moved without an event"),
                    ("unasked", "Feishu names what was not asked for"),
                    ("unknown_account", "Feishu does not know the account"),
                    ("contact", "Contact differs from Feishu's"),
                    ("future", "An event tells of a change in the future"),
                ],
                max_length=16,
                verbose_name="what",
            ),
        ),
        migrations.AddIndex(
            "case",
            models.Index(condition=Q(("event__isnull", False)), fields=["event"], name="case_by_event"),
        ),
        migrations.RunPython(hear_again, migrations.RunPython.noop),
    ]
