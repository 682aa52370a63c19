from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from hireops.database.locks import advisory_lock
from hireops.desk.states import States
from hireops.encrypted_columns import EncryptedTextField


class TenantManager(models.Manager["Tenant"]):
    def known(self, *, app_id: str, tenant_key: str) -> "Tenant":
        """The tenant's row, made on its first mention.

        Where Feishu names none it is a custom app's only one; of a store app nobody knows which, so that
        raises ``ValueError``.
        """
        if not tenant_key:
            return self._only_one(app_id)
        found = self.filter(app_id=app_id, tenant_key=tenant_key).first()
        return found or self._make_known(app_id, tenant_key)

    def _make_known(self, app_id: str, tenant_key: str) -> "Tenant":
        with transaction.atomic():
            _one_at_a_time(app_id)
            known = self.filter(app_id=app_id)
            if settings.FEISHU_APP_TYPE == "custom" and not known.filter(tenant_key=tenant_key).exists():
                # The one that was worked for before an event named its key.
                known.filter(tenant_key="").update(tenant_key=tenant_key)
            return self.get_or_create(app_id=app_id, tenant_key=tenant_key)[0]

    def active(self) -> models.QuerySet["Tenant"]:
        """Those that have the app installed and not suspended, in the order in which they became known."""
        return self.filter(app_id=settings.FEISHU_APP_ID, state=Tenant.State.ACTIVE).order_by("pk")

    def served(self) -> models.QuerySet["Tenant"]:
        """Those that we work for: the only one of a custom app, the active ones of a store app."""
        if settings.FEISHU_APP_TYPE == "custom":
            return self.filter(pk=self.own().pk)
        return self.active()

    def own(self) -> "Tenant":
        """The tenant of a custom app, which has one only. Its key is "" until the first event names it."""
        return self._first_known(settings.FEISHU_APP_ID) or self._make_own(settings.FEISHU_APP_ID)

    def _only_one(self, app_id: str) -> "Tenant":
        if settings.FEISHU_APP_TYPE == "store":
            raise ValueError("a store app has many tenants, and none was named")
        return self._first_known(app_id) or self._make_own(app_id)

    def _make_own(self, app_id: str) -> "Tenant":
        with transaction.atomic():
            _one_at_a_time(app_id)
            return self._first_known(app_id) or self.create(app_id=app_id, tenant_key="")

    def _first_known(self, app_id: str) -> "Tenant | None":
        return self.filter(app_id=app_id).order_by("pk").first()


def _one_at_a_time(app_id: str) -> None:
    # Or a tenant without a key could be made beside the same one whose key an event has just named.
    advisory_lock(f"tenants of {app_id}")


class Tenant(models.Model):
    """A customer's company in Feishu, as one app sees it. Learnt from events, never typed in."""

    class State(States):
        ACTIVE = "active", "ok", _("active")
        SUSPENDED = "suspended", "warn", _("suspended")
        GONE = "gone", "bad", _("uninstalled")

    app_id = models.CharField(_("app ID"), max_length=255)
    tenant_key = models.CharField(_("tenant key"), max_length=255)
    name = models.CharField(_("name"), max_length=255, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.ACTIVE)
    state_at = models.DateTimeField(_("state since"), null=True, blank=True)
    created_at = models.DateTimeField(_("known since"), auto_now_add=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["app_id", "tenant_key"], name="one_row_per_app_and_tenant")
        ]

    def __str__(self) -> str:
        return self.name or self.tenant_key or str(_("our company"))


class AccessToken(models.Model):
    """A token that all processes share, encrypted in ``sealed``; who holds the claim fetches a new one."""

    class Kind(models.TextChoices):
        TENANT = "tenant", "tenant_access_token"
        APP = "app", "app_access_token"

    app_id = models.CharField(max_length=255)
    tenant_key = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    sealed = EncryptedTextField(blank=True)
    expires_at = models.DateTimeField(null=True)
    renew_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["app_id", "tenant_key", "kind"], name="one_token_of_each_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.app_id} {self.tenant_key}".strip()


class AppTicket(models.Model):
    """A store app's newest app_ticket, encrypted, and when a new one was last asked for (contract 1.4)."""

    app_id = models.CharField(max_length=255, unique=True)
    sealed = EncryptedTextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.app_id


class RefusedSecret(models.Model):
    """An App Secret that Feishu has refused for good: it is not sent again by itself (contract 1.8).

    ``digest`` recognises it, with the app and the Feishu it was meant for, and does not give it away.
    """

    digest = models.CharField(max_length=64, unique=True)
    code = models.BigIntegerField()
    refused_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()  # no page shows it; Health and doctor tell it

    def __str__(self) -> str:
        return f"{self.code} {self.refused_at}"


class Quota(models.Model):
    """How many calls of one interface have been let through for one tenant, and what Feishu said to that.

    Moments are seconds since 1970 by the database's clock. ``calls_per_second`` and ``calls_per_minute`` are
    ceilings that Feishu has lowered, learnt at ``learnt_at``; ``strikes`` are rate limits met in a row, and
    until ``probe_until`` one call tries whether they are over.
    """

    app_id = models.CharField(max_length=255)
    tenant_key = models.CharField(max_length=255, blank=True)
    endpoint = models.CharField(max_length=100)
    given = models.BigIntegerField(default=0)
    blocked_until = models.FloatField(default=0)
    probe_until = models.FloatField(default=0)
    strikes = models.IntegerField(default=0)
    calls_per_second = models.IntegerField(null=True)
    calls_per_minute = models.IntegerField(null=True)
    learnt_at = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["app_id", "tenant_key", "endpoint"], name="one_quota_of_each_interface"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.app_id} {self.tenant_key}".strip()


class QuotaSlot(models.Model):
    """When one of the latest calls was to leave: a ring, in which the newest overwrites the oldest."""

    pk = models.CompositePrimaryKey("quota_id", "position")
    quota = models.ForeignKey(Quota, on_delete=models.CASCADE, db_index=False)
    position = models.IntegerField()
    taken_at = models.FloatField()

    def __str__(self) -> str:
        return f"{self.position} of {self.quota_id}"
