"""How exported lists of this app name people and amounts: each currency as a column of numbers."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from hireops.desk.exporting import Exported
from hireops.desk.lists import different_values
from referrals.ledger.assets import as_counted, asset_label, in_order
from referrals.models import POINTS, BalanceChange, ReferralAccount


def known_assets() -> list[str]:
    """Points, and every currency that there ever was anything of."""
    return in_order([POINTS, *different_values(BalanceChange, "asset")])


def amount_columns(
    amounts_of: Callable[[Any], Iterable[tuple[str, Decimal]]], assets: Iterable[str]
) -> list[Exported]:
    """Of rows that may have amounts of several assets."""
    return [_amounts(amounts_of, asset) for asset in assets]


def _amounts(amounts_of: Callable[[Any], Iterable[tuple[str, Decimal]]], asset: str) -> Exported:
    def amount(row: Any) -> Decimal | None:
        found = dict(amounts_of(row)).get(asset)
        return None if found is None else as_counted(asset, found)

    return Exported(asset_label(asset), amount)


def amount_column(header: str, asset_of: Callable[[Any], str], amount_of: Callable[[Any], Any]) -> Exported:
    """Of rows that say in another column which asset it is."""

    def amount(row: Any) -> Decimal | None:
        found = amount_of(row)
        return None if found is None else as_counted(asset_of(row), found)

    return Exported(header, amount)


def employee_column(name_of: Callable[[Any], str]) -> Exported:
    return Exported(_("employee"), name_of, personal=True)


def contact_columns(contacts_of: Callable[[Any], tuple[str, str]]) -> list[Exported]:
    """``contacts_of`` gives the mobile number and the address."""
    return [
        Exported(_("mobile number"), lambda row: contacts_of(row)[0], personal=True),
        Exported(_("email"), lambda row: contacts_of(row)[1], personal=True),
    ]


def account_id_column(account_of: Callable[[Any], ReferralAccount]) -> Exported:
    return Exported(_("account ID"), lambda row: account_of(row).account_id)
