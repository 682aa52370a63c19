"""Orders that came before anybody knew whose they are: bound later, they find their account and customer."""

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from bindings.matching import changes
from bindings.models import BackgroundCheck, EcoAccount, Exam
from bindings.orders import offered
from hireops.feishu.tenants import accounts_named

KINDS = (BackgroundCheck, Exam)


@changes.register_new
def find_their_account(accounts: Sequence[EcoAccount]) -> None:
    """Orders that named an account before its event came."""
    theirs = EcoAccount.objects.filter(
        tenant=OuterRef("tenant"), account_id=OuterRef("account_named"), pk__in=[each.pk for each in accounts]
    )
    keys = [(each.tenant_id, each.account_id) for each in accounts]
    for kind in KINDS:
        lost = kind.objects.filter(accounts_named(keys, "account_named"), account=None)
        _locked(lost).update(account=Subquery(theirs.values("pk")))
        offered.note_what_is_foreign(kind.objects.filter(account__in=accounts).select_related("account"))


@changes.register
def find_their_customer(accounts: Sequence[EcoAccount]) -> None:
    """An order that has a customer keeps it: whoever it was when it came, or was bound first."""
    bound = [account.pk for account in accounts if account.customer_id is not None]
    whose = EcoAccount.objects.filter(pk=OuterRef("account")).values("customer")
    for kind in KINDS:
        _locked(kind.objects.filter(account__in=bound, customer=None)).update(customer=Subquery(whose))


def _locked(orders: QuerySet[Any]) -> QuerySet[Any]:
    """Lock these orders by number, as all do who lock several: an update alone locks them in any order."""
    rows = orders.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)
    found: QuerySet[Any] = orders.model._default_manager.filter(pk__in=list(rows))  # noqa: SLF001 - documented
    return found
