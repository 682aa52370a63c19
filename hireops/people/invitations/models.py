from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk.states import States

OPEN = Q(used_at=None, withdrawn_at=None)


def _by(name: str) -> Q:
    """Who and when: both or none."""
    who, when = f"{name}_by__isnull", f"{name}_at__isnull"
    return Q(**{who: True, when: True}) | Q(**{who: False, when: False})


class Invitation(models.Model):
    """Somebody who is to come, known by mobile (E.164) or email (lower case) as in Feishu's directory.

    Who signs in with Feishu for the first time uses it up and gets its ``roles``; or, with a ``person``, that
    person can sign in with Feishu from then on. Roles that can approve or pay take two people, unless a
    superuser invites: one proposes, another one confirms. The database keeps how it was made, confirmed and
    ended.
    """

    class State(States):
        WAITING = "waiting", "warn", _("waits for a second person")
        OPEN = "open", "busy", _("not used yet")
        USED = "used", "ok", _("used")
        WITHDRAWN = "withdrawn", "quiet", _("withdrawn")
        EXPIRED = "expired", "quiet", _("expired")

    mobile = models.CharField(_("mobile"), max_length=16, blank=True)
    email = models.EmailField(_("email"), max_length=254, blank=True)
    roles = models.ManyToManyField(Group, verbose_name=_("roles"), blank=True, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invitations",
        verbose_name=_("for the existing user"),
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("invited by")
    )
    needs_second_person = models.BooleanField(_("needs a second person"), db_default=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    invited_at = models.DateTimeField(_("invited at"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("good until"))
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("used by")
    )
    used_at = models.DateTimeField(_("used at"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("withdrawn by")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-id"]
        default_permissions = ("add", "view")
        permissions = [("withdraw_invitation", gettext_noop("Can withdraw invitations"))]
        constraints = [
            models.CheckConstraint(condition=~Q(mobile="", email=""), name="invitation_names_a_contact"),
            models.CheckConstraint(condition=_by("used"), name="invitation_used_by_and_at"),
            models.CheckConstraint(condition=_by("confirmed"), name="invitation_confirmed_by_and_at"),
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("invited_by")), name="invitation_confirmed_by_another"
            ),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(needs_second_person=False) | Q(confirmed_at__isnull=False),
                name="invitation_used_is_confirmed",
            ),
            models.CheckConstraint(condition=_by("withdrawn"), name="invitation_withdrawn_by_and_at"),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(withdrawn_at=None), name="invitation_ends_one_way"
            ),
            models.UniqueConstraint(
                fields=["mobile"], condition=OPEN & ~Q(mobile=""), name="one_open_invitation_of_a_mobile"
            ),
            models.UniqueConstraint(
                fields=["email"], condition=OPEN & ~Q(email=""), name="one_open_invitation_of_an_email"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def state(self) -> State:
        if self.used_at:
            return self.State.USED
        if self.withdrawn_at:
            return self.State.WITHDRAWN
        if self.expires_at <= clock.now():
            return self.State.EXPIRED
        return self.State.WAITING if self.waits else self.State.OPEN

    @property
    def waits(self) -> bool:
        """Tell whether nobody can use it before a second person has confirmed it."""
        return self.needs_second_person and self.confirmed_at is None
