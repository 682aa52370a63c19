"""Reasons, problems and actions of offers as staff read them."""

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.offers.plan import Action, Problem, Trouble, Why
from hireops.feishu.errors import Outcome, explain


class Reason(StrEnum):
    """Why an account's offer was refused (``AccountOffer.reason``)."""

    PROBLEM = "problem"
    REFUSED = "refused"
    REFUSED_AGAIN_AND_AGAIN = "refused_again"
    TENANT_GONE = "tenant_gone"
    STOPPED = "stopped"


ACTIONS: dict[Action, str | Promise] = {
    Action.CREATE: gettext_lazy("new"),
    Action.UPDATE: gettext_lazy("changes"),
    Action.REPLACE: gettext_lazy("goes on under a new ID"),
    Action.DELETE: gettext_lazy("goes"),
    Action.FIND_OUT: gettext_lazy("is found out"),
    Action.SAME: gettext_lazy("stays"),
    Action.FOREIGN: gettext_lazy("not ours"),
}

WHYS: dict[Why, str | Promise] = {
    Why.NEW: gettext_lazy("It is not offered yet."),
    Why.CHANGED: gettext_lazy("It has changed in the catalogue."),
    Why.NOT_ANSWERED: gettext_lazy(
        "An earlier call about it was not answered, or was refused together with others. It is sent again "
        "in a way that does no harm, whatever Feishu did then."
    ),
    Why.NO_LONGER_OFFERED: gettext_lazy(
        "It is no longer offered to this account. Orders that were placed keep it."
    ),
    Why.ID_USED_UP: gettext_lazy(
        "It was deleted here before, and Feishu takes no ID twice. So it comes back under a new ID."
    ),
    Why.CARRIES_ITEMS: gettext_lazy(
        "Feishu creates additional items only together with a package that is new. So this package goes on "
        "under a new ID; orders that were placed keep the old one."
    ),
    Why.ADOPTED: gettext_lazy(
        "Feishu has something under this ID that hireops did not put there. It gets the content of the "
        "catalogue."
    ),
    Why.OLD_VERSION: gettext_lazy("It is offered under a newer ID."),
    Why.SAME: gettext_lazy("Nothing changes."),
    Why.NOT_OURS: gettext_lazy(
        "An order names this ID, and hireops did not put it there. It stays as it is; Feishu can't be asked "
        "what it is."
    ),
    Why.GOES_WITH_THE_REST: gettext_lazy(
        "An exam names this ID, and hireops did not put it there. It goes, because all papers are replaced."
    ),
}

_TROUBLES: dict[Trouble, str | Promise] = {
    Trouble.ID_TOO_LONG: gettext_lazy(
        "The ID of %(code)s would be longer than Feishu allows. Give it a shorter code."
    ),
    Trouble.NAME_MISSING: gettext_lazy("%(code)s has no name. Give it one in the catalogue."),
    Trouble.NAME_TOO_LONG: gettext_lazy(
        "The name of %(code)s is longer than Feishu allows. Shorten it in the catalogue."
    ),
    Trouble.ENDS_BEFORE_IT_STARTS: gettext_lazy(
        "The paper %(code)s ends before it starts. Correct its times."
    ),
    Trouble.NOT_POSITIVE: gettext_lazy("The paper %(code)s has a duration or a number of questions below 1."),
    Trouble.ITEMS_WITHOUT_A_PACKAGE: gettext_lazy(
        "Additional items are ordered on top of a package, and this account would offer no package. Offer "
        "it one."
    ),
    Trouble.SCOPE_UNKNOWN: gettext_lazy(
        "Feishu did not say in a way that hireops knows whether this account is for background checks or "
        "exams."
    ),
}

_REASONS: dict[str, str | Promise] = {
    Reason.PROBLEM: gettext_lazy(
        "It can't be sent as it is to be. Look at what the page says, then try again."
    ),
    Reason.REFUSED: gettext_lazy("Feishu refused the call, and trying again would not help."),
    Reason.REFUSED_AGAIN_AND_AGAIN: gettext_lazy(
        "Feishu refused every way to do it. Check with the customer that the account is still there and "
        "this app may use it; then bring it up to date again."
    ),
    Reason.TENANT_GONE: gettext_lazy("The customer has uninstalled the app, so nothing was sent."),
    Reason.STOPPED: gettext_lazy(
        "Somebody has stopped it. Bring it up to date again when you want it to go on."
    ),
}


def problem_text(problem: Problem) -> str:
    return str(_TROUBLES[problem.trouble]) % {"code": problem.code}


def reason_text(reason: str, error_code: int | None, endpoint: str = "") -> str:
    """Why it was refused and what to do; empty where it was not."""
    if not reason:
        return ""
    text = str(_REASONS.get(reason, reason))
    if error_code is None or reason == Reason.REFUSED_AGAIN_AND_AGAIN:
        return text
    named = _("code %(code)d") % {"code": error_code}
    return f"{text} {explain(Outcome.REFUSED, error_code, named, endpoint)}"
