"""How accounts become customers': the rules, the one-time codes, and what has been decided, by whom."""

from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from bindings.customers.models import Customer
from bindings.matching.decide import Rule
from bindings.scope import Scope
from hireops.desk.display import labelled
from hireops.desk.states import States
from hireops.inbox.models import Event


class MatchingRule(models.Model):
    """One way to tell whose an account is: the value of its field ``key``, read as ``kind`` says.

    All rules that are on are looked at (``decide.py``). ``proposes_only``: for a tenant of whom nobody knows
    yet that it is a customer's, a customer code only proposes; a binding code always binds.
    """

    class Kind(models.TextChoices):
        CODE = "code", _("customer code; space, width and case do not count")
        EXACT_CODE = "exact_code", _("customer code, exactly")
        BINDING_CODE = "binding_code", _("one-time binding code")

    scope = models.IntegerField(_("account type"), choices=Scope.choices)
    key = models.CharField(_("field of the account form"), max_length=255)
    kind = models.CharField(_("what it holds"), max_length=16, choices=Kind.choices)
    position = models.PositiveIntegerField(
        _("position"), default=1, validators=[MaxValueValidator(1_000_000)]
    )
    proposes_only = models.BooleanField(
        _("only proposes"),
        default=True,
        help_text=_(
            "A customer code can be typed by anybody. While nobody has said yet that a tenant belongs to the "
            "customer, the rule only proposes; once a person or a binding code has, it binds alone."
        ),
    )
    enabled = models.BooleanField(_("on"), default=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("matching rule")
        verbose_name_plural = _("matching rules")
        ordering = ["position", "id"]
        default_permissions = ("add", "change", "view")  # one that has bound something is evidence
        constraints = [
            models.UniqueConstraint(fields=["scope", "key", "kind"], name="rule_is_there_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["code", "exact_code", "binding_code"]), name="rule_kind_is_known"
            ),
            models.CheckConstraint(condition=~Q(key=""), name="rule_reads_a_field"),
        ]

    def __str__(self) -> str:
        return labelled(self.get_scope_display(), self.key)

    def as_decided(self) -> Rule:
        return Rule(self.pk, self.scope, self.key, self.kind, self.position, self.proposes_only)


class BindingCode(models.Model):
    """A one-time code that was issued to a customer. It was shown once: here is its keyed digest."""

    class State(States):
        OPEN = "open", "busy", pgettext_lazy("a binding code", "open")
        USED = "used", "ok", _("used up")
        EXPIRED = "expired", "quiet", _("expired")
        REVOKED = "revoked", "quiet", _("revoked")

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="binding_codes", verbose_name=_("customer")
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("code"), max_length=20, editable=False)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("issued by")
    )
    issued_at = models.DateTimeField(_("issued"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used up at"), null=True, blank=True)
    used_by = models.ForeignKey(
        "bindings.EcoAccount",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="binding_codes",
        verbose_name=_("used up by"),
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("revoked by"),
    )

    class Meta:
        verbose_name = _("binding code")
        verbose_name_plural = _("binding codes")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("issue_bindingcode", gettext_noop("Can issue and revoke binding codes"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, used_by__isnull=True)
                | Q(used_at__isnull=False, used_by__isnull=False, revoked_at__isnull=True),
                name="binding_code_is_used_by_an_account",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="binding_code_is_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.hint

    def state_at(self, moment: datetime) -> State:
        if self.used_at:
            return self.State.USED
        if self.revoked_at:
            return self.State.REVOKED
        return self.State.OPEN if moment < self.expires_at else self.State.EXPIRED


class BindingChange(models.Model):
    """Somebody, or a rule, has said whose an account is. Rows are added and never changed; the newest of an
    account says what holds.

    ``rule``, ``key``, ``kind`` and ``value`` are the evidence as it was then; of a binding code ``value`` is
    the hint only.
    """

    class How(models.TextChoices):
        RULE = "rule", _("by a rule")
        BINDING_CODE = "binding_code", _("by a binding code")
        BY_HAND = "by_hand", _("by hand")
        RELEASED = "released", _("released")
        SET_ASIDE = "set_aside", _("set aside")
        PUT_BACK = "put_back", _("put back")

    account = models.ForeignKey(
        "bindings.EcoAccount", models.PROTECT, related_name="binding_changes", verbose_name=_("account")
    )
    customer_before = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer before")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    how = models.CharField(_("how"), max_length=16, choices=How.choices)
    rule = models.ForeignKey(MatchingRule, models.PROTECT, null=True, blank=True, related_name="+")
    key = models.CharField(_("key"), max_length=255, blank=True)
    kind = models.CharField(_("kind of rule"), max_length=16, blank=True)
    value = models.TextField(_("value"), blank=True)
    binding_code = models.OneToOneField(
        BindingCode, models.PROTECT, null=True, blank=True, related_name="change"
    )
    event = models.ForeignKey(Event, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)

    class Meta:
        default_permissions = ()  # the page of the account shows them
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "-id"], name="binding_change_newest"),
            models.Index(fields=["customer", "-id"], name="binding_change_by_customer"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(how__in=["rule", "binding_code", "by_hand"], customer__isnull=False)
                | Q(how__in=["released", "set_aside", "put_back"], customer__isnull=True),
                name="binding_change_names_whom_it_binds_to",
            ),
            models.CheckConstraint(
                condition=Q(how__in=["rule", "binding_code"], rule__isnull=False)
                | Q(how__in=["by_hand", "released", "set_aside", "put_back"], by__isnull=False),
                name="binding_change_has_an_author",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
