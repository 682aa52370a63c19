"""How confirm pages of this app name people, accounts and amounts."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from hireops.contacts import mask
from hireops.desk.confirming import Column, linked_shortly
from hireops.feishu.tenant_lists import are_several
from referrals.ledger.assets import in_order, in_words
from referrals.models import ReferralAccount


class AmountsInWords:
    """Before an admin class: its confirm pages write points and money as all pages do."""

    def amount_in_words(self, kind: str, amount: Decimal) -> str:
        return in_words(kind, amount)

    def kinds_in_order(self, kinds: Iterable[str]) -> list[str]:
        return in_order(kinds)


def account_columns(account_of: Callable[[Any], ReferralAccount]) -> list[Column]:
    """Whose row it is, masked as in lists; at which customer, where there are several."""
    columns = [
        Column(_("employee"), lambda row: mask(account_of(row).name) or "–"),
        Column(
            _("referral account"), lambda row: linked_shortly(account_of(row), account_of(row).account_id)
        ),
    ]
    tenant = Column(_("customer"), lambda row: account_of(row).tenant)
    return [*columns, tenant] if are_several() else columns
