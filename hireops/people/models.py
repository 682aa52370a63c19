from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Staff(User):
    """Who is signed in. A superuser, too, has a payout right only from when it is in effect.

    Django asks no authentication backend about superusers, so the backend gives out people of this class.
    """

    class Meta:
        proxy = True
        default_permissions = ()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        from hireops.people import payout_rights  # noqa: PLC0415 - it needs the models

        if not (self.is_active and self.is_superuser):
            return super().has_perm(perm, obj)
        return not payout_rights.withheld(self, {perm})


class PayoutRight(models.Model):
    """Since when a person has a permission to approve or pay, whichever way it was given.

    ``payout_rights.settle`` writes it: a row for each time that the person has had the permission without a
    break. The database refuses to change what has begun, and to remove it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="payout_rights", verbose_name=_("user")
    )
    permission = models.CharField(_("permission"), max_length=150)
    # The role or superuser's rank that gave it first; later ones change nothing.
    as_superuser = models.BooleanField(_("as superuser"))
    since = models.DateTimeField(_("since"))
    in_effect_at = models.DateTimeField(_("takes effect"))
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("given by"),
        help_text=_("Empty: not on a page of hireops."),
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("payout right")
        verbose_name_plural = _("payout rights")
        ordering = ["-id"]
        default_permissions = ()  # the person's page shows them
        constraints = [
            models.UniqueConstraint(
                fields=["user", "permission"],
                condition=Q(ended_at__isnull=True),
                name="one_open_payout_right_of_each",
            ),
            models.CheckConstraint(
                condition=Q(in_effect_at__gte=F("since")), name="payout_right_takes_effect_later"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")),
                name="payout_right_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["permission", "since"], name="payout_right_by_time")]

    def __str__(self) -> str:
        return f"{self.user}: {self.permission}"
