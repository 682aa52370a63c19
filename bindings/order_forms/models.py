"""The order forms of background-check accounts (contract 4.1 to 4.3): what we want, and what was sent."""

import hashlib
import json

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bindings.accounts.models import EcoAccount
from bindings.order_forms.plan import Form, Option, OrderField
from bindings.order_forms.plan import Road as PlannedRoad
from hireops.desk.append_only import AppendOnly
from hireops.desk.states import States
from hireops.outbox.models import Call

BASE_KEY = r"\A[a-z][a-z0-9_]{0,39}\Z"


def digest_of(form: Form) -> str:
    """The same for forms that customers see alike; "" for no form. ``form`` is under base keys."""
    if not form:
        return ""
    text = json.dumps([field.as_sent() for field in form], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class OrderForm(models.Model):
    """What customers fill in when they order a check: one form that any number of accounts share.

    ``digest`` is that of its fields; it is written by the services that write them.
    """

    name = models.CharField(
        _("name"), max_length=100, help_text=_("For us only. Customers never see it."), unique=True
    )
    notes = models.TextField(_("notes"), max_length=2000, blank=True)
    archived = models.BooleanField(_("archived"), default=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last change"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("order form")
        verbose_name_plural = _("order forms")
        ordering = ["name", "id"]
        permissions = [("push_orderform", gettext_noop("Can push order forms to Feishu"))]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="order_form_has_a_name")]

    def __str__(self) -> str:
        return self.name

    def as_planned(self) -> Form:
        """The form under base keys, as it is defined now."""
        return tuple(field.as_planned() for field in self.fields.order_by("position", "pk"))


class OrderFormField(models.Model):
    """One field of an order form. ``options`` are ``[{"key", "name_zh", "name_en"}]``."""

    class Type(models.TextChoices):
        TEXT = "text", _("one line of text")
        TEXTAREA = "textarea", _("several lines of text")
        NUMBER = "number", _("a number")
        BOOLEAN = "boolean", _("yes or no")
        SELECT = "select", _("one of several options")
        MULTISELECT = "multiselect", _("any of several options")
        DATE = "date", _("a date")
        FILE = "file", _("a file")
        RESUME = "resume", _("the candidate's CV")

    form = models.ForeignKey(OrderForm, models.CASCADE, related_name="fields", verbose_name=_("order form"))
    base_key = models.CharField(
        _("key"),
        max_length=40,
        validators=[
            RegexValidator(BASE_KEY, _("Use 1 to 40 small letters, digits and _, with a letter first."))
        ],
        help_text=_("Our name for the field, e.g. id_number. Left empty, it gets one by itself."),
    )
    type = models.CharField(_("type"), max_length=16, choices=Type.choices, default=Type.TEXT)
    name_zh = models.CharField(_("name in Chinese"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    description_zh = models.CharField(_("hint in Chinese"), max_length=200, blank=True)
    description_en = models.CharField(_("hint in English"), max_length=200, blank=True)
    is_required = models.BooleanField(_("required"), default=True)
    position = models.PositiveIntegerField(_("order"), validators=[MaxValueValidator(1_000_000)])
    options = models.JSONField(_("options"), default=list, blank=True)
    sensitive = models.BooleanField(
        _("personal"),
        default=False,
        help_text=_("Answers are masked, and removed with the candidate's other data."),
    )

    class Meta:
        verbose_name = _("field of an order form")
        verbose_name_plural = _("fields of an order form")
        ordering = ["form", "position", "id"]
        default_permissions = ()  # they are part of their form
        constraints = [
            models.UniqueConstraint(
                fields=["form", "base_key"],
                name="order_field_key_is_unique",
                violation_error_message=_("There is a field with this key already."),
            ),
            models.CheckConstraint(
                condition=Q(base_key__regex=BASE_KEY), name="order_field_key_is_wellformed"
            ),
            models.CheckConstraint(condition=~Q(name_zh=""), name="order_field_has_a_chinese_name"),
            models.CheckConstraint(
                condition=Q(
                    type__in=[
                        "text",
                        "textarea",
                        "number",
                        "boolean",
                        "select",
                        "multiselect",
                        "date",
                        "file",
                        "resume",
                    ]
                ),
                name="order_field_type_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh

    def as_planned(self) -> OrderField:
        """The field as customers see it, under its base key."""
        has_options = self.type in {self.Type.SELECT, self.Type.MULTISELECT}
        return OrderField(
            key=self.base_key,
            name_zh=self.name_zh,
            name_en=self.name_en,
            description_zh=self.description_zh,
            description_en=self.description_en,
            is_required=self.is_required,
            type=self.type,
            options=tuple(Option(**option) for option in self.options) if has_options else (),
        )


class OrderFormPush(AppendOnly):
    """One road to a form that somebody decided on, exactly as it is sent to one account. What became of it is
    said by its calls: ``deletion`` leaves first, ``sending`` after it. Never changed after it was written.

    ``instead_of`` is the push whose create Feishu refused because there was a form: this one took the other
    road by itself.
    """

    class Road(models.TextChoices):
        CREATE = PlannedRoad.CREATE.value, _("create")
        UPDATE = PlannedRoad.UPDATE.value, _("update the texts")
        RECREATE = PlannedRoad.RECREATE.value, _("delete, then create with new keys")
        DELETE = PlannedRoad.DELETE.value, _("delete")

    account = models.ForeignKey(
        EcoAccount, models.PROTECT, related_name="order_form_pushes", verbose_name=_("account")
    )
    form = models.ForeignKey(
        OrderForm, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("order form")
    )
    road = models.CharField(_("road"), max_length=16, choices=Road.choices)
    # Why no gentler road: names of plan.Why.
    why = models.JSONField(_("why"), default=list)
    fields = models.JSONField(_("fields as sent"), default=list)
    # Those of its keys whose answers are personal data.
    sensitive = models.JSONField(_("personal fields"), default=list)
    deletion = models.OneToOneField(
        Call,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="order_form_deletion",
        verbose_name=_("delete"),
    )
    sending = models.OneToOneField(
        Call, models.PROTECT, null=True, blank=True, related_name="order_form_push", verbose_name=_("call")
    )
    instead_of = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="followed_by",
        verbose_name=_("in place of"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("pushed by"),
    )
    created_at = models.DateTimeField(_("pushed at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("push of an order form")
        verbose_name_plural = _("pushes of order forms")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["account", "id"], name="order_push_by_account")]
        constraints = [
            models.CheckConstraint(
                condition=Q(road="create", deletion=None, sending__isnull=False)
                | Q(road="update", deletion=None, sending__isnull=False)
                | Q(road="recreate", deletion__isnull=False, sending__isnull=False)
                | Q(road="delete", deletion__isnull=False, sending=None),
                name="order_push_has_the_calls_of_its_road",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def sent(self) -> Form:
        """The form under the keys that Feishu got."""
        return tuple(OrderField.from_sent(sent) for sent in self.fields)

    @property
    def calls(self) -> list[Call]:
        """In the order in which they leave."""
        return [call for call in (self.deletion, self.sending) if call is not None]


class AccountOrderForm(models.Model):
    """Which order form an account is to have, and what Feishu has of it. An account has one at most.

    ``digest``, ``standing`` and ``push`` are what the account's pushes and their answers come to
    (``history.py``, ``check_invariants``); only ``standings.py`` writes them.
    """

    class Standing(States):
        SETTLED = "settled", "ok", _("as answered")
        ON_ITS_WAY = "on_its_way", "busy", _("on its way")
        IN_DOUBT = "in_doubt", "warn", _("in doubt")
        REFUSED = "refused", "bad", _("refused")

    account = models.OneToOneField(
        EcoAccount, models.PROTECT, related_name="order_form", verbose_name=_("account")
    )
    form = models.ForeignKey(
        OrderForm,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("order form"),
    )
    digest = models.CharField(max_length=64, blank=True, editable=False)
    standing = models.CharField(
        _("state at Feishu"),
        max_length=16,
        choices=Standing.choices,
        default=Standing.SETTLED,
        editable=False,
    )
    push = models.ForeignKey(
        OrderFormPush, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    updated_at = models.DateTimeField(_("last change"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("order form of an account")
        verbose_name_plural = _("order forms of accounts")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(standing__in=["settled", "on_its_way", "in_doubt", "refused"]),
                name="order_form_standing_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["form", "digest"], name="order_form_by_form"),
            models.Index(
                fields=["standing", "-id"], condition=~Q(standing="settled"), name="order_form_not_settled"
            ),
        ]

    def __str__(self) -> str:
        return str(self.account)
