"""What must be true of whose accounts are, at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q, Subquery

from bindings.models import BindingChange, BindingCode, EcoAccount

How = BindingChange.How


def accounts_are_whose_the_newest_change_says() -> Iterator[str]:
    """Nobody's without one; set aside exactly if that is what was said last."""
    newest = BindingChange.objects.filter(account=OuterRef("pk")).order_by("-pk")
    accounts = EcoAccount.objects.annotate(
        said=Subquery(newest.values("customer")[:1]), how=Subquery(newest.values("how")[:1])
    )
    as_said = Q(customer=F("said")) | Q(customer=None, said=None)
    for account in accounts.exclude(as_said).only("pk", "account_id", "customer_id").iterator():
        yield f"account {account.account_id} is not the customer's that the newest change names"
    aside = Q(set_aside=True, how=How.SET_ASIDE) | (Q(set_aside=False) & ~Q(how=How.SET_ASIDE))
    unset = Q(set_aside=False, how=None)
    for account in accounts.exclude(aside | unset).only("pk", "account_id").iterator():
        yield f"account {account.account_id} is set aside, or is not, against the newest change"


def changes_follow_each_other() -> Iterator[str]:
    """Each begins with the customer that the one before ended with."""
    before = BindingChange.objects.filter(account=OuterRef("account"), pk__lt=OuterRef("pk")).order_by("-pk")
    changes = BindingChange.objects.annotate(said=Subquery(before.values("customer")[:1]))
    follows = Q(customer_before=F("said")) | Q(customer_before=None, said=None)
    for change in changes.exclude(follows).iterator():
        yield f"change #{change.pk} of account #{change.account_id} does not begin where the last one ended"


def binding_codes_bind_once() -> Iterator[str]:
    """One that is used up has bound the account that used it to its customer; no other is a cause."""
    bound = BindingChange.objects.filter(account=OuterRef("used_by"), customer=OuterRef("customer"))
    for code in BindingCode.objects.filter(~Exists(bound), used_at__isnull=False).iterator():
        yield f"binding code #{code.pk} is used up by an account that was not bound to its customer"
    named = BindingChange.objects.filter(binding_code__isnull=False)
    agrees = Q(binding_code__used_by=F("account"), binding_code__customer=F("customer"))
    for change in named.exclude(agrees).iterator():
        yield f"change #{change.pk} names binding code #{change.binding_code_id}, which did not bind it"
