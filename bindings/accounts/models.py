"""Accounts that customers added in Feishu Hire (contract 3.1)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hireops.feishu.models import Tenant
from hireops.inbox.models import Event


class Scope(models.IntegerChoices):
    BACKGROUND_CHECK = 1, _("Background check")
    EXAM = 2, _("Written exam")


class Usage(models.IntegerChoices):
    SOCIAL = 1, _("Experienced hires")
    CAMPUS = 2, _("Campus recruiting")


class EcoAccount(models.Model):
    """A partner account that a customer added in Feishu Hire (contract 3.1). Feishu offers no list of them:
    the event in ``event`` is the only source. A ``scope`` that we do not know yet is kept as it came."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+", verbose_name=_("tenant"))
    account_id = models.CharField(_("account ID"), max_length=255)
    scope = models.IntegerField(_("account type"), choices=Scope.choices, null=True)
    name = models.TextField(_("account name"), blank=True)
    usages = models.JSONField(_("used for"), default=list, blank=True)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", verbose_name=_("event"))
    created_at = models.DateTimeField(_("bound at"), db_default=Now(), editable=False, db_index=True)
    updated_at = models.DateTimeField(_("last change"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("bound account")
        verbose_name_plural = _("bound accounts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "account_id"], name="account_is_bound_once"),
        ]

    def __str__(self) -> str:
        return self.name or self.account_id


class AccountBinding(models.Model):
    """One event that gave an account its data, then. An older event that came late gave it none."""

    account = models.ForeignKey(EcoAccount, models.PROTECT, related_name="bindings")
    event = models.OneToOneField(Event, models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()  # no page shows them

    def __str__(self) -> str:
        return f"{self.account_id} #{self.event_id}"


class CustomFieldValue(models.Model):
    """What the customer typed into one field of our form. It may be a credential: seeing it is a right."""

    account = models.ForeignKey(
        EcoAccount, models.CASCADE, related_name="values_given", verbose_name=_("bound account")
    )
    # As Feishu sent them: keys may repeat, be unknown, or be longer than ours ever are.
    key = models.TextField(_("key"), blank=True)
    value = models.TextField(_("value"), blank=True)
    position = models.PositiveIntegerField(_("position"))

    class Meta:
        verbose_name = _("custom field value")
        verbose_name_plural = _("custom field values")
        ordering = ["account", "position"]
        constraints = [
            models.UniqueConstraint(fields=["account", "position"], name="value_has_one_position"),
        ]

    def __str__(self) -> str:
        return self.key
