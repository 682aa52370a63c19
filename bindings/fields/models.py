"""The form that customers fill in when they add an account (contract 3.2 to 3.4)."""

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bindings.fields.plan import Field
from bindings.fields.plan import Kind as PlannedKind
from bindings.keys import refuse_other_case
from bindings.scope import Scope
from hireops.desk.append_only import AppendOnly
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call

KEY_PATTERN = r"\A[A-Za-z0-9_]{1,64}\Z"


class CustomField(models.Model):
    """A field of the form that customers fill in when they add our account. What we want it to be: Feishu
    has it only once it has been pushed."""

    scope = models.IntegerField(_("account type"), choices=Scope.choices)
    key = models.CharField(
        _("key"),
        max_length=64,
        validators=[RegexValidator(KEY_PATTERN, _("Use 1 to 64 letters A-Z, a-z, digits and underscores."))],
        help_text=_(
            "Our name for the field, e.g. account_token. It can't be changed once it has been pushed."
        ),
    )
    name_zh = models.CharField(_("name in Chinese"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    description_zh = models.TextField(
        _("hint in Chinese"), max_length=500, blank=True, help_text=_("Tells the customer where to find it.")
    )
    description_en = models.TextField(_("hint in English"), max_length=500, blank=True)
    is_required = models.BooleanField(_("required"), default=True)
    position = models.PositiveIntegerField(
        _("order"),
        blank=True,
        validators=[MaxValueValidator(1_000_000)],
        help_text=_("Small numbers come first. Leave it empty to put the field last."),
    )
    retired = models.BooleanField(
        _("retired"),
        default=False,
        help_text=_("A retired field leaves the form at the next push. Its key may never be usable again."),
    )

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["scope", "position", "id"]
        permissions = [("push_customfield", gettext_noop("Can push custom fields to Feishu"))]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "key"],
                name="field_key_is_unique",
                violation_error_message=_("There is a field with this key already."),
            ),
            models.CheckConstraint(condition=Q(scope__in=[1, 2]), name="field_scope_is_known"),
            models.CheckConstraint(condition=Q(key__regex=KEY_PATTERN), name="field_key_is_wellformed"),
            models.CheckConstraint(condition=~Q(name_zh=""), name="field_has_a_chinese_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name_zh} ({self.key})"

    def clean(self) -> None:
        refuse_other_case(self, "key", CustomField.objects.filter(scope=self.scope))

    def as_planned(self) -> Field:
        """The field without what only we know of it."""
        return Field(
            key=self.key,
            name_zh=self.name_zh,
            name_en=self.name_en,
            description_zh=self.description_zh,
            description_en=self.description_en,
            is_required=self.is_required,
        )


class CustomFieldPush(AppendOnly):
    """One call that brings the form to what somebody decided, exactly as it is sent. What became of it is
    said by its call. ``fields`` is the list that Feishu has after it. Never changed after it was written."""

    class Kind(models.TextChoices):
        REPLACE = PlannedKind.REPLACE.value, _("whole list")
        UPDATE = PlannedKind.UPDATE.value, _("texts only")
        DELETE = PlannedKind.DELETE.value, _("delete fields")

    kind = models.CharField(_("what is sent"), max_length=16, choices=Kind.choices, default=Kind.REPLACE)
    scope = models.IntegerField(_("account type"), choices=Scope.choices)
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tenant")
    )
    fields = models.JSONField(_("fields as sent"))
    added = models.JSONField(_("added"), default=list)
    changed = models.JSONField(_("changed"), default=list)
    removed = models.JSONField(_("removed"), default=list)
    call = models.OneToOneField(
        Call, models.PROTECT, related_name="custom_field_push", verbose_name=_("call")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("pushed by")
    )
    created_at = models.DateTimeField(_("pushed at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("push of custom fields")
        verbose_name_plural = _("pushes of custom fields")
        ordering = ["-id"]
        indexes = [models.Index(fields=["scope", "id"], name="push_by_scope")]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=[1, 2]), name="push_scope_is_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["replace", "update", "delete"]), name="push_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} #{self.pk}"

    @property
    def form(self) -> tuple[Field, ...]:
        """The fields that this push shows the customer, in their order."""
        return tuple(Field.from_sent(sent) for sent in self.fields)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(sent["key"] for sent in self.fields)
