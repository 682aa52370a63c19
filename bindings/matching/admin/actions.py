"""What staff can say of whose an account is, beyond binding it, which has a page of its own."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bindings.matching import services
from bindings.models import EcoAccount
from hireops.desk.admin import staff_action

BIND = "bindings.bind_ecoaccount"


@staff_action(
    permission=BIND,
    label=_("Release"),
    confirm=_(
        "These accounts are nobody's again and wait in the queue. No rule binds them any more: a person says "
        "whose they are."
    ),
    reason_required=True,
    dangerous=True,
    offered=lambda account: account.customer_id is not None,
    counted=ngettext_lazy("Release %(count)s account", "Release %(count)s accounts", "count"),
    template="admin/bindings/ecoaccount/release.html",
)
def release(account: EcoAccount, *, by: User, reason: str) -> None:
    services.release(account, by=by, reason=reason)


@staff_action(
    permission=BIND,
    label=_("Keep the customer"),
    confirm=_("These accounts stay whose they are, although what was typed last names somebody else."),
    reason_required=True,
    offered=lambda account: account.in_question_id is not None,
    counted=ngettext_lazy(
        "Keep the customer of %(count)s account", "Keep the customers of %(count)s accounts", "count"
    ),
)
def keep(account: EcoAccount, *, by: User, reason: str) -> None:
    services.keep(account, by=by, reason=reason)


@staff_action(
    permission=BIND,
    label=_("Set aside"),
    confirm=_("These accounts leave the queue and stay nobody's, such as those of somebody who only tried."),
    reason_required=True,
    offered=lambda account: account.customer_id is None and not account.set_aside,
    counted=ngettext_lazy("Set %(count)s account aside", "Set %(count)s accounts aside", "count"),
)
def set_aside(account: EcoAccount, *, by: User, reason: str) -> None:
    services.set_aside(account, by=by, reason=reason)


@staff_action(
    permission=BIND,
    label=_("Put back"),
    confirm=_("These accounts wait for a customer again."),
    offered=lambda account: account.set_aside,
    counted=ngettext_lazy("Put %(count)s account back", "Put %(count)s accounts back", "count"),
)
def put_back(account: EcoAccount, *, by: User, reason: str) -> None:
    services.put_back(account, by=by, reason=reason)
