"""Accounts that customers added in Feishu Hire (contract 3.1)."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bindings.customers.models import Customer
from bindings.scope import Scope
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event


class EcoAccount(models.Model):
    """A partner account that a customer added in Feishu Hire (contract 3.1). Feishu offers no list of them:
    the event in ``event`` is the only source. A ``scope`` that we do not know yet is kept as it came."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+", verbose_name=_("tenant"))
    account_id = models.CharField(_("account ID"), max_length=255)
    scope = models.IntegerField(_("account type"), choices=Scope.choices, null=True)
    name = models.TextField(_("account name"), blank=True)
    usages = models.JSONField(_("used for"), default=list, blank=True)
    # Whose it is, as the newest ``BindingChange`` says. Only bindings.matching writes these three.
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="accounts", verbose_name=_("customer")
    )
    set_aside = models.BooleanField(_("set aside"), default=False, db_default=False, editable=False)
    # Bound, and what the customer typed since names this other one: a person decides. Of bindings.matching.
    in_question = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("in question")
    )
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", verbose_name=_("event"))
    created_at = models.DateTimeField(_("bound at"), db_default=Now(), editable=False, db_index=True)
    updated_at = models.DateTimeField(_("last change"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("bound account")
        verbose_name_plural = _("bound accounts")
        ordering = ["-id"]
        permissions = [("bind_ecoaccount", gettext_noop("Can say whose a bound account is"))]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "account_id"], name="account_is_bound_once"),
            models.CheckConstraint(
                condition=Q(set_aside=False) | Q(customer__isnull=True), name="account_set_aside_is_nobodys"
            ),
            models.CheckConstraint(
                condition=Q(in_question__isnull=True)
                | (Q(customer__isnull=False) & ~Q(in_question=F("customer"))),
                name="account_in_question_is_bound",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-id"],
                condition=Q(customer__isnull=True, set_aside=False),
                name="account_to_be_bound",
            ),
            models.Index(fields=["-id"], condition=Q(in_question__isnull=False), name="account_in_question"),
        ]

    def __str__(self) -> str:
        return self.name or self.account_id


class AccountToBind(EcoAccount):
    """The accounts that wait for a customer, as the queue lists them."""

    class Meta:
        proxy = True
        default_permissions = ()  # who sees accounts sees these
        verbose_name = _("account to be bound")
        verbose_name_plural = _("accounts to be bound")
        ordering = ["id"]


class AccountBinding(models.Model):
    """One event that gave an account its data, then. An older event that came late gave it none.

    ``changes`` is what it made different: ``[{"what": "name", "before": "…", "after": "…"}]``; ``what`` is
    "name", "scope", "usages" or "field", which has its ``key``. Of a field it quotes what was typed.
    """

    account = models.ForeignKey(EcoAccount, models.PROTECT, related_name="bindings")
    event = models.OneToOneField(Event, models.PROTECT, related_name="+")
    changes = models.JSONField(default=list, blank=True)

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
