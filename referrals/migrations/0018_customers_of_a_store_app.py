"""Whose employees referrers are: rows of before belong to the customer of their account, or of their call."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT, OuterRef, Subquery


def give_customers(apps, editor):
    rows = apps.get_model("referrals", "Registration").objects.using(editor.connection.alias)
    accounts = apps.get_model("referrals", "ReferralAccount").objects.filter(pk=OuterRef("account"))
    calls = apps.get_model("outbox", "Call").objects.filter(pk=OuterRef("call"))
    for known in (accounts, calls):
        rows.filter(tenant=None).update(tenant=Subquery(known.values("tenant")[:1]))
    if rows.filter(tenant=None).exists() or _imports(apps, editor).exists():
        _give_the_only_one(apps, editor, rows.filter(tenant=None))
    if editor.connection.vendor == "postgresql":
        # Whether the customers exist is asked now: a table with questions that wait gets no constraint.
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _imports(apps, editor):
    return apps.get_model("referrals", "RegistrationImport").objects.using(editor.connection.alias)


def _give_the_only_one(apps, editor, rows):
    """Until now a file or a form was taken only where there was one customer, if not always the same."""
    tenants = list(apps.get_model("feishu", "Tenant").objects.using(editor.connection.alias).order_by("pk"))
    ours = [tenant for tenant in tenants if tenant.app_id == settings.FEISHU_APP_ID] or tenants
    if len(ours) == 1 or (ours and settings.FEISHU_APP_TYPE == "custom"):
        rows.update(tenant=ours[0])
        _imports(apps, editor).update(tenant=ours[0])
        return
    # Of several nobody knows which it was: a person chooses before anything is sent. What was sent names
    # its customer, so these were not.
    rows.filter(state__in=["ready", "pending"]).update(state="invalid", problem="no_customer")


def customer():
    return models.ForeignKey(
        "feishu.tenant", PROTECT, null=True, blank=True, related_name="+", verbose_name="customer"
    )


class Migration(migrations.Migration):
    changes_rows_of = ("referrals_registration", "referrals_registrationimport")
    dependencies = [
        ("feishu", "0004_tenant_state_at"),
        ("outbox", "0007_evidence"),
        ("referrals", "0017_unanswered_withdrawals_ended"),
    ]

    operations = [
        migrations.AddField("registration", "tenant", customer()),
        migrations.AddField(
            "registration",
            "tenant_given",
            models.CharField(blank=True, max_length=255, verbose_name="customer as given"),
        ),
        migrations.AddField("registrationimport", "tenant", customer()),
        migrations.RunPython(give_customers, migrations.RunPython.noop),
        migrations.AddConstraint(
            "registration",
            models.CheckConstraint(
                condition=~models.Q(state__in=["ready", "pending"]) | models.Q(tenant__isnull=False),
                name="registration_has_its_customer",
            ),
        ),
    ]
