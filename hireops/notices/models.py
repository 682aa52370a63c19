"""What staff are told in Feishu. News, not evidence: the rows go when they are old (trimming.py)."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hireops.outbox.models import Call


class Recipient(models.Model):
    """What a person does not want to be told, and whether the bot reaches the person at all.

    Who has no row wants everything. ``switched_off`` has values of ``sources.Kind``.
    """

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_recipient")
    switched_off = models.JSONField(default=list, blank=True)
    # Feishu has said so (230013); a message that arrives ends it.
    out_of_range_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("recipient of messages")
        verbose_name_plural = _("recipients of messages")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.person)


class Occasion(models.Model):
    """Something that is so, from when hireops has noticed it until it is over: a source and its key.

    ``told_at``: messages about it were made, whoever got one. ``telling.py`` alone writes it.
    """

    source = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("occasion of messages")
        verbose_name_plural = _("occasions of messages")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"], condition=Q(over_at__isnull=True), name="one_open_occasion_of_a_key"
            )
        ]
        indexes = [
            models.Index(fields=["over_at"], name="occasion_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"


class Message(models.Model):
    """One message to one person about one or several occasions; one without any is a test.

    What became of it stands in its call, which names this row only.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    occasions = models.ManyToManyField(Occasion, related_name="messages")
    # Feishu takes one message for each of these within an hour.
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    is_test = models.BooleanField(default=False)
    call = models.OneToOneField(Call, models.PROTECT, related_name="notice", null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("message in Feishu")
        verbose_name_plural = _("messages in Feishu")
        ordering = ["-id"]
        default_permissions = ()
        indexes = [models.Index(fields=["created_at"], name="notice_by_creation")]

    def __str__(self) -> str:
        return f"#{self.pk}"
