"""Work that takes longer than a request or a transaction: who asked for it, how far it is, how it ended."""

from typing import Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.desk.states import States

KIND_LENGTH = 64


class JobQuerySet(models.QuerySet["Job"]):
    def about(self, subject: Model) -> Self:
        """All jobs of this object, oldest first."""
        content_type = ContentType.objects.get_for_model(subject)
        return self.filter(subject_type=content_type, subject_id=subject.pk).order_by("pk")

    def running(self) -> Self:
        return self.filter(state=Job.State.RUNNING)


class Job(models.Model):
    """Long work about ``subject``, done in committed parts by whichever worker holds its lease.

    ``not_before`` alone says when a worker may take it: the next try of one that rests, the end of the lease
    of one that a worker holds (``lease_key``), nothing for one that has ended. Written by ``hireops.jobs``
    only, but for ``done`` and ``total``, which a part sets; they are saved with what the part did.
    """

    class State(States):
        RUNNING = "running", "busy", _("running")
        DONE = "done", "ok", _("done")
        FAILED = "failed", "bad", _("could not be finished")
        CANCELED = "canceled", "quiet", _("canceled")

    kind = models.CharField(_("kind of work"), max_length=KIND_LENGTH)
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", null=True, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    asked_at = models.DateTimeField(_("asked for"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    # An English sentence, marked with gettext_noop.
    reason = models.TextField(_("reason"), blank=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("in total"), null=True, blank=True)
    not_before = models.DateTimeField(_("next try"), null=True, blank=True)
    lease_key = models.UUIDField(null=True, blank=True, editable=False)
    taken_at = models.DateTimeField(_("last taken up"), null=True, blank=True)
    # Since a part was last done: how often it was taken up, and what went wrong (a place, never a value).
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.CharField(_("error"), max_length=255, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("long work")
        verbose_name_plural = _("long work")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("manage_job", gettext_noop("Can cancel long work and have it tried at once"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["running", "done", "failed", "canceled"]), name="job_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="running", not_before__isnull=False, finished_at__isnull=True)
                | (
                    ~Q(state="running")
                    & Q(not_before__isnull=True, lease_key__isnull=True, finished_at__isnull=False)
                ),
                name="job_is_due_until_it_has_ended",
            ),
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "kind"],
                condition=Q(state="running"),
                name="one_job_of_a_kind_about_an_object",
            ),
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(not_before__isnull=False), name="job_due"),
            models.Index(fields=["kind", "-taken_at"], name="job_by_kind"),
            models.Index(fields=["subject_id", "subject_type"], name="job_by_subject"),
            models.Index(fields=["state", "-id"], name="job_by_state"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def subject_pk(self) -> int:
        """Of work that is about an object."""
        assert self.subject_id is not None  # noqa: S101 - its kind says so
        return self.subject_id
