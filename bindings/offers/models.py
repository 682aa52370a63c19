"""What the vendor sells, kept once: check packages, additional items, exam papers; and whom it is offered."""

from functools import reduce
from itertools import product
from operator import or_

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bindings.accounts.models import EcoAccount
from bindings.customers.models import Customer
from bindings.keys import refuse_other_case
from bindings.offers.plan import Package, Paper
from bindings.scope import Scope

MOST_WORKING_DAYS = 250  # about a year
MOST_COUNTED = 1_000_000
PACKAGE_CODE = r"\A[A-Za-z0-9_.-]{1,28}\Z"  # leaves room for a version within 36 characters (contract 4.4)


class CatalogueItem(models.Model):
    """Something that can be offered. ``code`` is ours and never changes; Feishu gets it, with a version
    where an account has had and lost it before (contract 4.4)."""

    code = models.CharField(
        _("code"),
        max_length=28,
        unique=True,
        validators=[RegexValidator(PACKAGE_CODE, _("Use 1 to 28 letters A-Z, digits and the signs _ . -"))],
        help_text=_(
            "Our own name for it, such as basic. Feishu and orders name it by that, so it is fixed then."
        ),
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    archived = models.BooleanField(_("archived"), default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last change"), db_default=Now(), editable=False)

    # Of the accounts that can have it.
    scope = Scope.BACKGROUND_CHECK

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def clean(self) -> None:
        refuse_other_case(self, "code", type(self)._default_manager.all())  # noqa: SLF001  public API


class CheckPackage(CatalogueItem):
    """A background-check package (contract 4.4). ``working_days`` is what we promise for its orders."""

    working_days = models.PositiveSmallIntegerField(
        _("promised working days"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_WORKING_DAYS)],
    )
    # For staff to read only: Feishu lets customers order any item with any package of an account.
    additional_items = models.ManyToManyField(
        "bindings.AdditionalItem",
        blank=True,
        related_name="packages",
        verbose_name=_("additional items that go with it"),
    )

    class Meta:
        verbose_name = _("check package")
        verbose_name_plural = _("check packages")
        ordering = ["name", "id"]

    def as_planned(self) -> Package:
        """What Feishu is to know of it."""
        return Package(self.code, self.name, self.description)


class AdditionalItem(CatalogueItem):
    """Something that can be ordered on top of a package (contract 4.4)."""

    extra_working_days = models.PositiveSmallIntegerField(
        _("additional working days"), default=0, validators=[MaxValueValidator(MOST_WORKING_DAYS)]
    )

    class Meta:
        verbose_name = _("additional item")
        verbose_name_plural = _("additional items")
        ordering = ["name", "id"]

    def as_planned(self) -> Package:
        """What Feishu is to know of it."""
        return Package(self.code, self.name, self.description)


class ExamPaper(CatalogueItem):
    """An exam paper (contract 5.1). Without a time there is no limit on that side."""

    duration = models.PositiveIntegerField(
        _("minutes"), null=True, blank=True, validators=[MaxValueValidator(MOST_COUNTED)]
    )
    question_count = models.PositiveIntegerField(
        _("questions"), null=True, blank=True, validators=[MaxValueValidator(MOST_COUNTED)]
    )
    start_time = models.DateTimeField(_("can be taken from"), null=True, blank=True)
    end_time = models.DateTimeField(_("can be taken until"), null=True, blank=True)
    working_days = models.PositiveSmallIntegerField(
        _("promised working days"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_WORKING_DAYS)],
    )
    scope = Scope.EXAM

    class Meta:
        verbose_name = _("exam paper")
        verbose_name_plural = _("exam papers")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_time__isnull=True)
                | Q(end_time__isnull=True)
                | Q(start_time__lt=F("end_time")),
                name="paper_starts_before_it_ends",
            ),
        ]

    def as_planned(self) -> Paper:
        """What Feishu is to know of it: nothing of the description."""
        return Paper(self.code, self.name, self.duration, self.question_count, self.start_time, self.end_time)


Item = CheckPackage | AdditionalItem | ExamPaper
# Where ``Offer`` names it; also ``plan.Kind``.
COLUMN: dict[type[Item], str] = {CheckPackage: "package", AdditionalItem: "item", ExamPaper: "paper"}


OFFERED = ("package", "item", "paper")


def _exactly_one(*conditions: Q) -> Q:
    """One of the conditions holds and no other."""
    alone = [
        reduce(lambda both, other: both & ~other, conditions[:place] + conditions[place + 1 :], condition)
        for place, condition in enumerate(conditions)
    ]
    return reduce(or_, alone)


class Offer(models.Model):
    """One thing of the catalogue is to be offered to one account, to all of a customer, or to all customers
    of a tier. That is a wish: what Feishu has is the account's own (``AccountOffer``)."""

    package = models.ForeignKey(
        CheckPackage,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="offers",
        verbose_name=_("check package"),
    )
    item = models.ForeignKey(
        AdditionalItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="offers",
        verbose_name=_("additional item"),
    )
    paper = models.ForeignKey(
        ExamPaper, models.PROTECT, null=True, blank=True, related_name="offers", verbose_name=_("exam paper")
    )
    account = models.ForeignKey(
        EcoAccount, models.PROTECT, null=True, blank=True, related_name="offers", verbose_name=_("account")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="offers", verbose_name=_("customer")
    )
    tier = models.CharField(_("tier"), max_length=50, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["id"]
        default_permissions = ()
        permissions = [("choose_offer", gettext_noop("Can choose what is offered to whom"))]
        constraints = [
            models.CheckConstraint(
                condition=_exactly_one(*(Q(**{f"{name}__isnull": False}) for name in OFFERED)),
                name="offer_is_of_one_thing",
            ),
            models.CheckConstraint(
                condition=_exactly_one(Q(account__isnull=False), Q(customer__isnull=False), ~Q(tier="")),
                name="offer_is_to_one",
            ),
            *(
                models.UniqueConstraint(fields=[to, name], name=f"{name}_offered_to_{to}_once")
                for name, to in product(OFFERED, ("account", "customer"))
            ),
            *(
                models.UniqueConstraint(
                    fields=["tier", name], condition=~Q(tier=""), name=f"{name}_offered_to_tier_once"
                )
                for name in OFFERED
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def offered(self) -> Item:
        offered = self.package or self.item or self.paper
        assert offered is not None  # noqa: S101 - by constraint
        return offered
