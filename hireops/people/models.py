from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.desk.append_only import AppendOnly
from hireops.desk.display import labelled
from hireops.desk.staff import name_and_login
from hireops.people.acting import LONGEST_ADDRESS, LONGEST_USER_AGENT
from hireops.people.browsers import browser_in_words
from hireops.people.invitations.models import Invitation

__all__ = [
    "CredentialChange",
    "Invitation",
    "OneTimePassword",
    "PayoutRight",
    "Session",
    "Staff",
    "Tally",
]


class Staff(User):
    """Who is signed in. A superuser, too, has a payout right only from when it is in effect.

    Django asks no authentication backend about superusers, so the backend gives out people of this class.
    """

    _withheld: set[str] | None = None

    class Meta:
        proxy = True
        default_permissions = ()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        from hireops.people import payout_permissions, payout_rights  # noqa: PLC0415 - they need the models

        if not (self.is_active and self.is_superuser):
            return super().has_perm(perm, obj)
        if perm not in payout_permissions.names():
            return True
        if self._withheld is None:  # remembered for a request, as Django remembers the rights of others
            self._withheld = payout_rights.withheld(self, payout_permissions.names())
        return perm not in self._withheld


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
    since = models.DateTimeField(
        _("since"), null=True, blank=True, help_text=_("Empty: before it was written down.")
    )
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
                condition=Q(since__isnull=True) | Q(in_effect_at__gte=F("since")),
                name="payout_right_takes_effect_later",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(since__isnull=True) | Q(ended_at__gte=F("since")),
                name="payout_right_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["permission", "since"], name="payout_right_by_time")]

    def __str__(self) -> str:
        return labelled(self.user, self.permission)


class CredentialChange(AppendOnly):
    """That somebody's way of signing in was changed. Who decides about money is shown the last ones."""

    class Kind(models.TextChoices):
        ACCOUNT = "account", _("account made")
        USERNAME = "username", _("user name changed")
        PASSWORD = "password", _("password changed")
        ONE_TIME_PASSWORD = "one_time_password", _("one-time password set")
        EMAIL = "email", _("email address changed")
        SECOND_FACTOR = "second_factor", _("second factors changed")
        FEISHU_ACCOUNT = "feishu_account", _("linked Feishu account changed")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="credential_changes",
        verbose_name=_("user"),
    )
    kind = models.CharField(_("what"), max_length=32, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("changed by"),
        help_text=_("Empty: by who was not signed in, by a link in a mail or on the server."),
    )
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("change of credentials")
        verbose_name_plural = _("changes of credentials")
        ordering = ["-at", "-id"]
        default_permissions = ()  # the person's page shows them
        indexes = [models.Index(fields=["user", "-at"], name="credential_change_of_user")]

    def __str__(self) -> str:
        return labelled(self.user, self.get_kind_display())


class OneTimePassword(models.Model):
    """That the password of this person was made by somebody else, and is to be replaced after signing in."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="one_time_password",
        verbose_name=_("user"),
    )
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("set by")
    )
    set_at = models.DateTimeField(_("set"))
    expires_at = models.DateTimeField(_("can be used until"))

    class Meta:
        verbose_name = _("one-time password")
        verbose_name_plural = _("one-time passwords")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)


class Session(AbstractBaseSession):
    """A browser that knows its session key, of which only a digest is kept (``people.sessions``)."""

    session_key = models.CharField(_("session"), max_length=64, primary_key=True)  # the digest
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("user"),
    )
    started_at = models.DateTimeField(_("signed in at"))
    last_seen_at = models.DateTimeField(_("last seen"))
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS, blank=True)
    user_agent = models.CharField(_("browser"), max_length=LONGEST_USER_AGENT, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-last_seen_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{browser_in_words(self.user_agent)}, {self.address or '–'}"

    @classmethod
    def get_session_store_class(cls) -> Any:
        from hireops.people.sessions import SessionStore  # noqa: PLC0415 - it stores this model

        return SessionStore


class Tally(models.Model):
    """What was tried of one kind and one key since a moment, and until when nothing more may be tried.

    ``key`` is the ID of the person, an address, or a digest of what must not be stored in clear.
    ``hireops.people.limits`` alone writes it, and says how much is too much.
    """

    class Kind(models.TextChoices):
        PASSWORD = "password", _("wrong passwords of one person")
        CODE = "code", _("wrong codes of one person")
        ADDRESS = "address", _("wrong passwords and codes from one address")
        PASSKEY = "passkey", _("sign-ins begun from one address")
        RESET = "reset", _("mails about a forgotten password")
        USED_CODE = "used_code", _("codes that were used")

    kind = models.CharField(_("what"), max_length=16, choices=Kind)
    key = models.CharField(max_length=64)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
        help_text=_("Empty: an address, or a name that nobody has."),
    )
    count = models.PositiveIntegerField(_("how often"), default=0)
    since = models.DateTimeField(_("since"))
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("lock-out")
        verbose_name_plural = _("lock-outs")
        default_permissions = ("view",)
        permissions = [("let_in", gettext_noop("Can let in again who is locked out"))]
        ordering = ["-since", "-id"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_tally_of_a_kind")]

    def __str__(self) -> str:
        if self.person:
            return name_and_login(self.person)
        of_address = {self.Kind.ADDRESS, self.Kind.PASSKEY}
        return self.key if self.kind in of_address else gettext("a name that nobody has")
