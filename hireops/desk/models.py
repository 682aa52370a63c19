from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from hireops.desk.append_only import AppendOnly
from hireops.desk.display import labelled


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
        return labelled(self.action_label, self.target_label)

    @property
    def action_label(self) -> str:
        return gettext(self.action)

    @property
    def reason_shown(self) -> str:
        """The reason as a person wrote it; a sentence of hireops itself in the reader's language."""
        return gettext(self.reason) if self.reason and not self.actor_name else self.reason

    @property
    def who(self) -> str:
        """By name and user name; what hireops did by itself is its own doing."""
        from hireops.desk.staff import name_and_login  # noqa: PLC0415 - it needs Django's models

        return name_and_login(self.actor) if self.actor else self.actor_name or "hireops"

    @property
    def rights_shown(self) -> str:
        """Which rights this gave and took, in words; "" where it is about none."""
        from hireops.desk import rights  # noqa: PLC0415 - it needs Django's models

        return rights.shown(rights.changed(self.details))


class RepeatedEntry(models.Model):
    """What has lately been written to the audit and may come again any moment (``hireops.desk.repeated``)."""

    key = models.CharField(max_length=64, unique=True)
    first = models.ForeignKey(AuditEntry, models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(null=True, db_index=True)
    times = models.PositiveIntegerField(default=0, help_text="After the first.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.first} × {self.times}"


class SavedFilter(models.Model):
    """What one person has narrowed a list by, under a name (``hireops.desk.saved_filters``).

    ``list`` is the model of the list, such as ``referrals.withdrawal``; ``query`` what stands in its address,
    without what was searched for.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("owner")
    )
    list = models.CharField(max_length=100)
    name = models.CharField(_("name"), max_length=60)
    query = models.TextField()
    shared = models.BooleanField(_("shared"), default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        default_permissions = ()  # who may see the list may save filters of it
        constraints = [
            models.UniqueConstraint(fields=["list", "owner", "name"], name="saved_filter_has_its_name"),
            models.CheckConstraint(condition=~models.Q(name=""), name="saved_filter_is_called_something"),
        ]

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """When a process of ours last said that it lives, by the database's clock. One row for each name."""

    name = models.CharField(_("process"), max_length=128, primary_key=True)
    host = models.CharField(_("host"), max_length=64, blank=True, db_default="")
    version = models.CharField(_("version"), max_length=32, blank=True, db_default="")
    queues = models.CharField(_("queues"), max_length=200, blank=True, db_default="")
    at = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


class InvariantCheck(models.Model):
    """One nightly check of the promises. Without an end it was cut short."""

    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    checked = models.PositiveIntegerField(_("promises checked"), default=0)
    broken = models.PositiveIntegerField(_("broken rows"), default=0)
    sentences = models.JSONField(_("broken rows, the first of them"), default=list, blank=True)

    class Meta:
        verbose_name = _("check of the promises")
        verbose_name_plural = _("checks of the promises")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class DailyFigures(models.Model):
    """What a day amounts to in one series of figures (``hireops.desk.figures``), as counted last.

    ``figures``: by key, such as a currency, ``{"count": 4, "sum": "12300.00"}``; nothing that names anybody.
    """

    series = models.CharField(max_length=64)
    day = models.DateField()
    figures = models.JSONField(default=dict)
    counted_at = models.DateTimeField()

    class Meta:
        default_permissions = ()  # the charts of the home page show them
        constraints = [models.UniqueConstraint(fields=["series", "day"], name="one_row_of_figures_a_day")]

    def __str__(self) -> str:
        return f"{self.series} {self.day}"


class Restoration(models.Model):
    """The database was restored from a backup: nothing leaves before people have released what was found.

    ``backup_at`` is the newest time that was found in it. It stands until the last part is released; another
    backup that is restored meanwhile ends it as well.
    """

    begun_at = models.DateTimeField(_("restored"), db_default=Now(), editable=False)
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("said by"),
        help_text=_("Empty: the command."),
    )
    reason = models.TextField(_("reason"), blank=True)
    backup_at = models.DateTimeField(pgettext_lazy("time of a backup", "as of"), null=True, blank=True)
    stands = models.BooleanField(_("stands"), default=True)
    ended_at = models.DateTimeField(_("all released"), null=True, blank=True)

    class Meta:
        verbose_name = _("restoration")
        verbose_name_plural = _("restorations")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("release_restoration", gettext_noop("Can release what a restored database holds back"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["stands"], condition=models.Q(stands=True), name="one_restoration_stands"
            ),
            models.CheckConstraint(
                condition=models.Q(stands=True, ended_at__isnull=True)
                | models.Q(stands=False, ended_at__isnull=False),
                name="restoration_has_its_end",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Release(AppendOnly):
    """One person has looked at one part of what a restored database holds back, and says why it may go on.

    ``found`` is what was laid before them: figures by label.
    """

    restoration = models.ForeignKey(
        Restoration, models.PROTECT, related_name="releases", verbose_name=_("restoration")
    )
    part = models.CharField(_("part"), max_length=32)
    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("released by")
    )
    reason = models.TextField(_("reason"))
    found = models.JSONField(_("what was found"), default=dict)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["restoration", "part"], name="part_is_released_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="release_has_its_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.restoration} {self.part}"
