"""Orders that came before anybody knew whose they are: bound later, they find their account and customer."""

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery

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
        lost.update(account=Subquery(theirs.values("pk")))
        offered.note_what_is_foreign(kind.objects.filter(account__in=accounts).select_related("account"))


@changes.register
def find_their_customer(accounts: Sequence[EcoAccount]) -> None:
    """An order that has a customer keeps it: whoever it was when it came, or was bound first."""
    bound = [account.pk for account in accounts if account.customer_id is not None]
    whose = EcoAccount.objects.filter(pk=OuterRef("account")).values("customer")
    for kind in KINDS:
        kind.objects.filter(account__in=bound, customer=None).update(customer=Subquery(whose))
