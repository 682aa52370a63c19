from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.desk.append_only import AppendOnly


class AuditEntry(AppendOnly):
    """Who did what to which object, when and why. Written by services; kept for ever.

    ``action`` is a short English phrase such as ``approved``, shown through the translation catalogue.
    A user with entries cannot be deleted, only made inactive.
    """

    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("user"),
        help_text=_("Empty: hireops itself."),
    )
    actor_name = models.CharField(_("user name then"), max_length=150, blank=True)
    action = models.CharField(_("action"), max_length=100)
    target_type = models.ForeignKey(
        ContentType, models.PROTECT, related_name="+", verbose_name=_("kind of object")
    )
    target_id = models.CharField(_("object ID"), max_length=64)
    target_label = models.CharField(_("object"), max_length=200)
    reason = models.TextField(_("reason"), blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["target_id", "target_type", "-at"], name="audit_by_target"),
            models.Index(fields=["action", "-at"], name="audit_by_action"),
            models.Index(fields=["actor_name", "-at"], name="audit_by_actor"),
        ]
        default_permissions = ("view",)
        permissions = [("view_personal_data", gettext_noop("Can see personal data in full"))]

    def __str__(self) -> str:
        return f"{self.action_label}: {self.target_label}"

    @property
    def action_label(self) -> str:
        return gettext(self.action)
