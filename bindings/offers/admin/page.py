"""What the pages of the catalogue show of who is offered a thing."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bindings.models import Customer, EcoAccount
from bindings.offers.models import Item
from bindings.offers.wishes import accounts_offered
from hireops.desk.cards import list_url

LISTED = 20


@dataclass(frozen=True, slots=True)
class OfferedTo:
    """``accounts`` are those that it comes to by any way; of each list the first few, and how many more."""

    tiers: list[str]
    customers: list[Customer]
    more_customers: int
    single: list[EcoAccount]
    more_single: int
    accounts: list[EcoAccount]
    more_accounts: int

    @property
    def count(self) -> int:
        return len(self.accounts) + self.more_accounts


def offered_to(item: Item) -> OfferedTo:
    offers = item.offers.all()
    customers = Customer.objects.filter(offers__in=offers).order_by("name", "pk")
    single = EcoAccount.objects.filter(offers__in=offers).order_by("pk")
    accounts = accounts_offered(item).order_by("pk")
    return OfferedTo(
        list(offers.exclude(tier="").order_by("tier").values_list("tier", flat=True)),
        list(customers[:LISTED]),
        max(customers.count() - LISTED, 0),
        list(single[:LISTED]),
        max(single.count() - LISTED, 0),
        list(accounts[:LISTED]),
        max(accounts.count() - LISTED, 0),
    )


def outdated_message(count: int) -> SafeString:
    """After a choice: nothing has been sent, and where it goes on."""
    if not count:
        return format_html("{}", _("Saved. No account is concerned by it now."))
    text = ngettext(
        "Saved. Nothing was sent yet: %(count)d account is concerned.",
        "Saved. Nothing was sent yet: %(count)d accounts are concerned.",
        count,
    ) % {"count": count}
    url = list_url("bindings_accountoffer", "state__exact=out_of_date")
    return format_html('{} <a href="{}">{}</a>', text, url, _("See the accounts that are out of date"))
