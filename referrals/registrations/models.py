"""Who is to get an account: one by form, or thousands from a file."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hireops.desk.states import States
from hireops.feishu.models import Tenant
from hireops.imports.models import FileImport, ImportedRow
from hireops.outbox.models import Call


class RegistrationImport(FileImport):
    """A file of referrers: uploaded, checked row by row, confirmed by a person, then sent."""

    class State(States):
        CHECKING = "checking", "busy", _("being checked")
        UNREADABLE = "unreadable", "bad", _("can't be read")
        CHECKED = "checked", "warn", _("waits for confirmation")
        SENDING = "sending", "busy", _("being registered")
        DONE = "done", "ok", _("done")
        DISCARDED = "discarded", "quiet", _("discarded")

    # Of rows that name no customer; None where each row has to, or nobody knows any more.
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.CHECKING)

    class Meta:
        verbose_name = _("import of referrers")
        verbose_name_plural = _("imports of referrers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["checking", "unreadable", "checked", "sending", "done", "discarded"]),
                name="import_state_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["checking", "sending"]), name="import_to_work_on"
            ),
        ]


class Registration(ImportedRow):
    """One referrer to be registered (contract 2.1): by hand, or a row of an import."""

    PERSONAL = ("mobile_given", "email_given", "name", "mobile", "email")

    class State(States):
        INVALID = "invalid", "bad", _("to be corrected")
        DUPLICATE = "duplicate", "quiet", _("there already")
        READY = "ready", "quiet", _("ready")
        PENDING = "pending", "busy", _("on its way")
        REGISTERED = "registered", "ok", _("registered")
        REFUSED = "refused", "bad", _("refused")
        DISCARDED = "discarded", "quiet", _("discarded")

    batch = models.ForeignKey(
        RegistrationImport,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("import"),
    )
    # Whose employee it is. None while that is to be corrected, or of an old row of which nobody knows it.
    tenant = models.ForeignKey(
        Tenant, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    tenant_given = models.CharField(_("customer as given"), max_length=255, blank=True)
    # As it was typed, for the file that goes back; then as it is sent (E.164, lower case).
    mobile_given = models.CharField(_("mobile as given"), max_length=255, blank=True)
    email_given = models.CharField(_("email as given"), max_length=255, blank=True)
    name = models.CharField(_("name"), max_length=255, blank=True)
    mobile = models.CharField(_("mobile number"), max_length=32, blank=True)
    email = models.CharField(_("email"), max_length=254, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    account = models.ForeignKey(
        "referrals.ReferralAccount",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("referral account"),
    )
    call = models.OneToOneField(  # the newest, if it was tried again
        Call, models.PROTECT, null=True, blank=True, related_name="registration", verbose_name=_("call")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "invalid",
                        "duplicate",
                        "ready",
                        "pending",
                        "registered",
                        "refused",
                        "discarded",
                    ]
                ),
                name="registration_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ready", "pending", "registered", "refused"])
                | ~Q(mobile="", email="")
                | Q(state__in=["registered", "refused"], emptied_at__isnull=False),
                name="registration_has_a_contact",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ready", "pending"]) | Q(tenant__isnull=False),
                name="registration_has_its_customer",
            ),
            models.CheckConstraint(
                condition=~Q(state="registered") | Q(account__isnull=False),
                name="registration_done_has_its_account",
            ),
            models.UniqueConstraint(fields=["batch", "line"], name="one_registration_of_each_line"),
        ]
        indexes = [
            models.Index(fields=["batch", "state", "line"], name="registration_by_import"),
            models.Index(fields=["state", "-id"], name="registration_by_state"),
            models.Index(fields=["mobile"], condition=~Q(mobile=""), name="registration_by_mobile"),
            models.Index(fields=["email"], condition=~Q(email=""), name="registration_by_email"),
            models.Index(fields=["created_at"], name="registration_by_creation"),
        ]
