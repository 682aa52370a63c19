"""What the pages of an account and of a customer show of offers."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from bindings.models import AccountOffer, Customer, EcoAccount, Offer
from bindings.offers import choosing, windows, wishes
from bindings.offers.plan import Kind, Offering
from hireops.desk import sections
from hireops.desk.cards import counted, list_url
from hireops.desk.display import state_badge
from hireops.desk.sections import Section

TEMPLATE = "admin/bindings/accountoffer/section.html"
SEE, CHOOSE = "bindings.view_accountoffer", "bindings.choose_offer"
ACCOUNTS_SHOWN = 10


def of_account(request: HttpRequest, account: EcoAccount) -> Section | None:
    if not request.user.has_perm(SEE):
        return None
    offering = wishes.wished(account)
    offer = AccountOffer.objects.filter(account=account).first()
    return Section(
        _("Offers"),
        TEMPLATE,
        {
            **_common(request, "choose_account", account.pk),
            "lists": [(_("To be offered"), _names(offering))],
            "passed": [paper.name for paper in offering.papers.values() if windows.has_passed(paper)],
            "accounts": [_at_feishu(offer)] if offer else [],
            "picture_url": reverse("admin:bindings_accountoffer_change", args=[offer.pk]) if offer else "",
        },
    )


def of_customer(request: HttpRequest, customer: Customer) -> Section | None:
    if not request.user.has_perm(SEE):
        return None
    offers = AccountOffer.objects.filter(account__customer=customer).select_related("account").order_by("pk")
    own = Offer.objects.filter(**choosing.recipient(customer))
    of_tier = Offer.objects.filter(tier=customer.tier) if customer.tier else Offer.objects.none()
    lists = [(_("Offered to this customer"), _offered(own))]
    if customer.tier:
        lists.append((_("Offered to the tier %(tier)s") % {"tier": customer.tier}, _offered(of_tier)))
    return Section(
        _("Offers"),
        TEMPLATE,
        {
            **_common(request, "choose_customer", customer.pk),
            "lists": lists,
            "accounts": [_at_feishu(offer) for offer in offers[:ACCOUNTS_SHOWN]],
            "more": max(counted(offers) - ACCOUNTS_SHOWN, 0),
            "more_url": list_url("bindings_accountoffer", f"account__customer__exact={customer.pk}"),
        },
    )


def _common(request: HttpRequest, page: str, pk: int) -> dict[str, Any]:
    may_choose = request.user.has_perm(CHOOSE)
    return {
        "css": static("bindings/offers.css"),
        "choose_url": reverse(f"admin:bindings_accountoffer_{page}", args=[pk]) if may_choose else "",
    }


def _names(offering: Offering) -> list[str]:
    return [thing.name for kind in Kind for thing in offering.by_code(kind).values()]


def _offered(offers: Any) -> list[str]:
    found = (offer.offered for offer in offers.select_related("package", "item", "paper"))
    return sorted(item.name for item in found if not item.archived)


def _at_feishu(offer: AccountOffer) -> dict[str, Any]:
    return {
        "name": str(offer.account),
        "badge": state_badge(AccountOffer.State(offer.state)),
        "url": reverse("admin:bindings_accountoffer_change", args=[offer.pk]),
    }


sections.register(EcoAccount, of_account)
sections.register(Customer, of_customer)
