"""What Feishu has of each account, as last confirmed: Feishu lists neither packages nor papers.

Each ID that an account ever had is a row, so that none is used twice. What each call was to change is kept
with it: all calls and their answers add up to the rows (``invariants.py``).
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bindings.accounts.models import EcoAccount
from bindings.offers import plan
from bindings.offers.plan import Known, Offering
from hireops.desk.append_only import AppendOnly
from hireops.desk.states import States
from hireops.outbox.models import Call


class AccountOffer(models.Model):
    """One account's offer at Feishu, compared with what it is to be.

    ``target`` is what somebody has confirmed and is being carried out; None while nothing is. ``version``
    grows with every change of what is known. ``refusals`` counts those in a row; ``reason`` is a key of
    ``texts.py``, ``error_code`` Feishu's. ``outdated``: what it is to offer has changed while it was being
    updated.
    """

    class State(States):
        UP_TO_DATE = "up_to_date", "ok", _("up to date")
        OUT_OF_DATE = "out_of_date", "warn", _("out of date")
        UPDATING = "updating", "busy", _("being brought up to date")
        IN_DOUBT = "in_doubt", "warn", _("in doubt")
        REFUSED = "refused", "bad", _("refused")

    account = models.OneToOneField(
        EcoAccount, models.PROTECT, related_name="account_offer", verbose_name=_("account")
    )
    state = models.CharField(_("offer"), max_length=16, choices=State.choices, default=State.OUT_OF_DATE)
    version = models.PositiveIntegerField(default=0, editable=False)
    confirmed_at = models.DateTimeField(_("last confirmed"), null=True, blank=True)
    target = models.JSONField(null=True, blank=True, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("last brought up to date by"),
    )
    outdated = models.BooleanField(default=False, editable=False)
    refusals = models.PositiveSmallIntegerField(default=0, editable=False)
    reason = models.CharField(max_length=32, blank=True, editable=False)
    error_code = models.BigIntegerField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("offer at Feishu")
        verbose_name_plural = _("offers at Feishu")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("send_accountoffer", gettext_noop("Can bring the offer of accounts up to date"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["up_to_date", "out_of_date", "updating", "in_doubt", "refused"]),
                name="account_offer_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="updating", target__isnull=False) | ~Q(state="updating"),
                name="account_offer_is_updated_to_something",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="account_offer_by_state")]

    def __str__(self) -> str:
        return str(self.account)

    @property
    def wanted(self) -> Offering | None:
        return None if self.target is None else plan.offering_of(self.target)


class OfferedItem(models.Model):
    """One ID at one account. Rows are never removed, and what was deleted never comes back but a paper."""

    class Kind(models.TextChoices):
        PACKAGE = plan.Kind.PACKAGE.value, _("check package")
        ITEM = plan.Kind.ITEM.value, _("additional item")
        PAPER = plan.Kind.PAPER.value, _("exam paper")

    class Standing(States):
        CONFIRMED = plan.Standing.CONFIRMED.value, "ok", _("confirmed")
        IN_DOUBT = plan.Standing.IN_DOUBT.value, "warn", _("in doubt")
        ABSENT = plan.Standing.ABSENT.value, "quiet", _("not there")
        DELETED = plan.Standing.DELETED.value, "quiet", _("deleted")
        FOREIGN = plan.Standing.FOREIGN.value, "warn", _("not ours")

    offer = models.ForeignKey(AccountOffer, models.PROTECT, related_name="items")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    feishu_id = models.CharField(_("ID at Feishu"), max_length=255)
    code = models.CharField(_("code"), max_length=28, blank=True)
    content = models.JSONField(_("as confirmed"), null=True, blank=True)
    standing = models.CharField(_("state"), max_length=16, choices=Standing.choices)
    doubt = models.CharField(max_length=8, blank=True, editable=False)
    creates_together = models.PositiveSmallIntegerField(default=0, editable=False)
    together = models.PositiveSmallIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(_("last change"), db_default=Now())

    class Meta:
        verbose_name = _("offered item")
        verbose_name_plural = _("offered items")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["offer", "kind", "feishu_id"], name="offered_id_is_one_row"),
            models.CheckConstraint(
                condition=Q(standing="in_doubt", doubt__in=["create", "update", "delete"])
                | (~Q(standing="in_doubt") & Q(doubt="")),
                name="offered_item_says_what_is_in_doubt",
            ),
            models.CheckConstraint(
                condition=~Q(standing="confirmed") | Q(content__isnull=False),
                name="offered_item_confirmed_has_content",
            ),
        ]
        indexes = [models.Index(fields=["feishu_id", "kind"], name="offered_item_by_id")]

    def __str__(self) -> str:
        return f"{self.kind} {self.feishu_id}"

    def as_known(self) -> Known:
        kind = plan.Kind(self.kind)
        return Known(
            kind=kind,
            id=self.feishu_id,
            code=self.code,
            standing=plan.Standing(self.standing),
            content=plan.content_of(kind, self.content),
            doubt=plan.Doubt(self.doubt),
            creates_together=self.creates_together,
            together=self.together,
            row=self.pk,
        )


class OfferRun(models.Model):
    """Many accounts that somebody had brought up to date at once."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    asked_at = models.DateTimeField(_("asked for"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # How many things all accounts together were to get, change and lose when it was confirmed.
    creates = models.PositiveIntegerField(_("new"), default=0)
    updates = models.PositiveIntegerField(_("changed"), default=0)
    deletes = models.PositiveIntegerField(_("removed"), default=0)

    class Meta:
        verbose_name = _("offers brought up to date")
        verbose_name_plural = _("offers brought up to date")
        ordering = ["-id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"#{self.pk}"


class OfferRunAccount(models.Model):
    """One account of a run; ``fingerprint`` is that of what was looked at when the run was confirmed."""

    class State(States):
        WAITING = "waiting", "quiet", _("waits for its turn")
        UNDER_WAY = "under_way", "busy", _("under way")
        DONE = "done", "ok", _("up to date")
        IN_DOUBT = "in_doubt", "warn", _("in doubt")
        REFUSED = "refused", "bad", _("refused")
        SKIPPED = "skipped", "warn", _("changed meanwhile")

    run = models.ForeignKey(OfferRun, models.PROTECT, related_name="accounts")
    offer = models.ForeignKey(AccountOffer, models.PROTECT, related_name="runs")
    fingerprint = models.CharField(max_length=64, editable=False)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)

    class Meta:
        verbose_name = _("account of a run")
        verbose_name_plural = _("accounts of a run")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "offer"], name="run_has_each_account_once"),
            models.UniqueConstraint(
                fields=["offer"], condition=Q(state="under_way"), name="account_is_in_one_run_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["run", "state", "id"], name="run_account_by_state")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class OfferCall(AppendOnly):
    """One call and what it was to change, written in the transaction that owes it. Its call says the rest.

    ``sent`` are the IDs with what is sent of each, ``before`` what was known of them when it was owed.
    """

    class Verb(models.TextChoices):
        CREATE = plan.Verb.CREATE.value, _("create packages")
        UPDATE = plan.Verb.UPDATE.value, _("update packages")
        DELETE = plan.Verb.DELETE.value, _("delete packages")
        REPLACE_PAPERS = plan.Verb.REPLACE_PAPERS.value, _("replace all papers")
        UPDATE_PAPERS = plan.Verb.UPDATE_PAPERS.value, _("update papers")
        DELETE_PAPERS = plan.Verb.DELETE_PAPERS.value, _("delete papers")

    offer = models.ForeignKey(AccountOffer, models.PROTECT, related_name="calls")
    call = models.OneToOneField(Call, models.PROTECT, related_name="offer_call", verbose_name=_("call"))
    verb = models.CharField(_("what it does"), max_length=16, choices=Verb.choices)
    sent = models.JSONField(_("what is sent"))
    before = models.JSONField(_("what was known"))
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("call about an offer")
        verbose_name_plural = _("calls about offers")
        ordering = ["id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["offer", "-id"], name="offer_call_by_offer")]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def as_planned(self) -> plan.PlannedCall:
        sent = tuple(
            plan.Sent(
                kind := plan.Kind(each["kind"]),
                each["id"],
                each["code"],
                plan.content_of(kind, each["content"]),
            )
            for each in self.sent
        )
        return plan.PlannedCall(plan.Verb(self.verb), sent)


class OfferReading(models.Model):
    """What Feishu has shown this app of what its documents leave open (``plan.Reading``)."""

    app_id = models.CharField(max_length=64, unique=True)
    items_alone = models.BooleanField(null=True)
    since = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("reading of Feishu's documents")
        verbose_name_plural = _("readings of Feishu's documents")
        default_permissions = ()

    def __str__(self) -> str:
        return self.app_id
