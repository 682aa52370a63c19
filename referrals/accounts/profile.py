"""What an answer says of an account itself: its status, and whose it is (contract 2.0, 2.2)."""

from collections.abc import Callable

from django.utils.translation import gettext_noop

from hireops import contacts
from hireops.desk import audit
from hireops.feishu import hire
from referrals.cases import services as cases
from referrals.models import Case, ReferralAccount

NAME_LENGTH = 255


MASKS = ("*", "xxx")


def apply_account(account: ReferralAccount, theirs: hire.Account) -> None:
    """Take over status, name and contact from an answer; for a locked row.

    What was registered here stays, and what Feishu says is kept beside it: somebody may have registered one
    person with the number of another. Feishu leaves out what the app has no right to see, or masks it with x
    or * (contract 2.2); what is masked is never kept.
    """
    if account.status != theirs.status:
        audit.record(
            by=None,
            action=gettext_noop("status told by Feishu"),
            on=account,
            before=account.status,
            after=theirs.status,
        )
        account.status = theirs.status
        account.save(update_fields=["status"])
    if account.emptied_at and account.status != ReferralAccount.Status.AVAILABLE:
        return  # its time is over, whatever Feishu still says of who had it
    if theirs.referrer:
        _apply_referrer(account, theirs.referrer)


def _apply_referrer(account: ReferralAccount, referrer: hire.Referrer) -> None:
    contact_before = account.feishu_mobile, account.feishu_email
    account.feishu_name = _name(referrer) or account.feishu_name
    account.feishu_mobile = _contact(contacts.read_mobile, referrer.mobile) or account.feishu_mobile
    account.feishu_email = _contact(contacts.read_email, referrer.email) or account.feishu_email
    account.name = account.name or account.feishu_name
    account.mobile = account.mobile or account.feishu_mobile
    account.email = account.email or account.feishu_email
    account.emptied_at = None
    account.save(update_fields=[*ReferralAccount.WHOSE, "emptied_at"])
    if (account.feishu_mobile, account.feishu_email) != contact_before:
        _judge_contact(account)


def _judge_contact(account: ReferralAccount) -> None:
    """Whether money would reach the person that Feishu means; asked whenever Feishu says something new."""
    if account.contact_differs:
        cases.open_case(kind=Case.Kind.CONTACT, account=account)
        return
    for case in account.cases.filter(kind=Case.Kind.CONTACT, closed_at=None):
        cases.close_explained_case(case, note=gettext_noop("Feishu has the contact that is registered here."))


def _name(referrer: hire.Referrer) -> str:
    names = (referrer.name_zh.strip(), referrer.name_en.strip())
    return next((name for name in names if name and not _is_masked(name)), "")[:NAME_LENGTH]


def _contact(read: Callable[[str], str], text: str) -> str:
    try:
        return "" if _is_masked(text) else read(text)
    except contacts.UnreadableContactError:
        return ""


def _is_masked(text: str) -> bool:
    return any(mask in text.lower() for mask in MASKS)
