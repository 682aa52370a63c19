"""Whom the vendor serves: its own customers, as its own books know them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bindings.customers.codes import LONGEST, normalised
from hireops.imports.models import LONGEST_GIVEN, FileImport, ImportedRow


class Customer(models.Model):
    """A customer of the vendor. Feishu knows none of this: accounts are bound to it (``bindings.matching``).

    ``normalised_code`` is what codes are compared by; it is written with every ``save``, so whoever writes
    many at once fills it in (``codes.normalised``).
    """

    code = models.CharField(_("customer code"), max_length=64)
    normalised_code = models.CharField(max_length=LONGEST, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    tier = models.CharField(_("tier"), max_length=50, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    archived = models.BooleanField(_("archived"), default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last change"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(normalised_code=""), name="customer_has_a_code"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="customer_has_a_name"),
        ]
        indexes = [
            models.Index(fields=["name"], name="customer_by_name"),
            models.Index(fields=["tier", "-id"], name="customer_by_tier"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def save(self, *args: object, **kwargs: object) -> None:
        self.normalised_code = normalised(self.code)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class CustomerContact(models.Model):
    """Somebody to talk to at a customer."""

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="contacts", verbose_name=_("customer")
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    title = models.CharField(_("job title"), max_length=100, blank=True)
    mobile = models.CharField(_("mobile number"), max_length=32, blank=True)
    email = models.CharField(_("email"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("contact person")
        verbose_name_plural = _("contact persons")
        ordering = ["customer", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name="") | ~Q(mobile="") | ~Q(email=""), name="contact_says_something"
            ),
        ]
        indexes = [
            models.Index(fields=["mobile"], condition=~Q(mobile=""), name="contact_by_mobile"),
            models.Index(fields=["email"], condition=~Q(email=""), name="contact_by_email"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"  # in messages and audits, where a name does not belong


class CustomerImport(FileImport):
    """A file of customers. ``update_existing``: what it says of customers that are there changes them."""

    update_existing = models.BooleanField(_("update customers that are there already"), default=False)

    class Meta(FileImport.Meta):
        abstract = False
        verbose_name = _("import of customers")
        verbose_name_plural = _("imports of customers")


class CustomerImportRow(ImportedRow):
    """A line of such a file. An empty cell says nothing: it leaves what is there as it is."""

    PERSONAL = ("contact_name", "contact_title", "mobile_given", "email_given", "mobile", "email", "notes")

    batch = models.ForeignKey(CustomerImport, models.PROTECT, related_name="+", verbose_name=_("import"))
    # As they were given, for the file that goes back.
    code = models.CharField(_("customer code"), max_length=LONGEST_GIVEN, blank=True)
    name = models.CharField(_("name"), max_length=LONGEST_GIVEN, blank=True)
    tier = models.CharField(_("tier"), max_length=LONGEST_GIVEN, blank=True)
    responsible_given = models.CharField(max_length=LONGEST_GIVEN, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=LONGEST_GIVEN, blank=True)
    contact_title = models.CharField(_("job title"), max_length=LONGEST_GIVEN, blank=True)
    mobile_given = models.CharField(max_length=LONGEST_GIVEN, blank=True)
    email_given = models.CharField(max_length=LONGEST_GIVEN, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    # As they are kept.
    normalised_code = models.CharField(max_length=LONGEST, blank=True)
    mobile = models.CharField(_("mobile number"), max_length=32, blank=True)
    email = models.CharField(_("email"), max_length=254, blank=True)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Who has the code, or has got it by this row.
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    # What it would change of a customer that was there when the file was checked: [[column, before, after]];
    # of contacts no more than that.
    changes = models.JSONField(default=list, blank=True)

    class Meta:
        default_permissions = ()  # they are on the page of their import
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="one_customer_row_of_each_line"),
            models.CheckConstraint(
                condition=~Q(state="applied") | Q(customer__isnull=False),
                name="customer_row_has_its_customer",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "state", "line"], name="customer_row_by_import"),
            models.Index(fields=["batch", "normalised_code"], name="customer_row_by_code"),
        ]
