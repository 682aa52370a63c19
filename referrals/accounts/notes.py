"""What staff keep of an account for themselves. Feishu is told nothing, the audit only that it changed."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.desk import audit
from hireops.desk.errors import Refused
from referrals.ledger import services as ledger
from referrals.models import ReferralAccount


def keep_notes(account: ReferralAccount, *, by: User, notes: str, before: str) -> None:
    """Raises ``Refused`` if the notes are no longer what ``before`` says, or the account was emptied."""
    with transaction.atomic():
        account = ledger.lock(account.pk)
        if account.emptied_at:
            raise Refused(_("Personal data of this account was removed, so nothing more is noted of it."))
        if account.notes != before:
            raise Refused(
                _("Somebody has changed the notes meanwhile. Copy yours, and look at the others first.")
            )
        if account.notes == notes:
            return
        account.notes = notes
        account.save(update_fields=["notes"])
        audit.record(by=by, action=gettext_noop("notes changed"), on=account)
