"""Why an account may be a customer's, and what a binding code has become, in words."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.matching.candidates import Candidate, Reason, Why
from bindings.matching.decide import Kind
from bindings.models import BindingChange, BindingCode
from hireops.contacts import mask, without_contacts
from hireops.database import clock
from hireops.desk.display import moment
from hireops.desk.masking import HIDDEN

LONGEST_SHOWN = 60

# What stands as the reason if somebody binds for just that, without what was typed.
SHORT = {
    Why.TENANT: gettext_lazy("Another account of the same tenant is this customer's."),
    Why.EXACT_CODE: gettext_lazy("The customer code was typed into the form."),
    Why.CODE: gettext_lazy("The customer code was typed into the form, spelled otherwise."),
    Why.MISTYPED_CODE: gettext_lazy("The customer code was typed into the form with one character wrong."),
    Why.BINDING_CODE: gettext_lazy("A binding code of this customer was typed into the form."),
    Why.NAME: gettext_lazy("The customer's name stands in the name of the account."),
    Why.CONTACT: gettext_lazy("A contact of this customer was typed into the form."),
}

BOTH_VALUES = {
    Why.TENANT: gettext_lazy("Another account of the same tenant is this customer's: “%(ours)s”."),
    Why.EXACT_CODE: gettext_lazy("“%(typed)s” in the field %(key)s is the customer's code “%(ours)s”."),
    Why.CODE: gettext_lazy(
        "“%(typed)s” in the field %(key)s is the customer's code “%(ours)s”, spelled otherwise."
    ),
    Why.MISTYPED_CODE: gettext_lazy(
        "“%(typed)s” in the field %(key)s is one character away from the customer's code “%(ours)s”."
    ),
    Why.NAME: gettext_lazy("The account is named “%(typed)s”, the customer “%(ours)s”."),
    Why.CONTACT: gettext_lazy("“%(typed)s” in the field %(key)s is a contact of the customer: “%(ours)s”."),
}


def reasons_in_words(candidate: Candidate, *, may_see_values: bool) -> list[str]:
    return [reason_in_words(each, may_see_values=may_see_values) for each in candidate.reasons]


def reason_in_words(reason: Reason, *, may_see_values: bool) -> str:
    """With both values side by side. What was typed is shown as far as it is like what we know anyway."""
    if reason.why == Why.BINDING_CODE:
        return _about_binding_code(reason)
    if reason.why == Why.CONTACT:
        values = {"typed": mask(reason.typed), "ours": mask(reason.ours), "key": reason.key}
    else:
        shown = shown_value(reason.typed) if may_see_values or reason.why == Why.NAME else HIDDEN
        values = {"typed": shown, "ours": reason.ours, "key": reason.key}
    return str(BOTH_VALUES[reason.why]) % values


def shown_value(value: str) -> str:
    """What was typed, short, and without anybody's number."""
    short = value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"
    return without_contacts(short)


def _about_binding_code(reason: Reason) -> str:
    code = reason.about
    if not isinstance(code, BindingCode):
        return ""
    said = _("The binding code %(hint)s in the field %(key)s was issued to this customer.") % {
        "hint": code.hint,
        "key": reason.key,
    }
    return f"{said} {what_became_of(code)}"


def what_became_of(code: BindingCode) -> str:
    """In a sentence: used up by whom and when, expired, revoked, or still open."""
    match code.state_at(clock.now()):
        case BindingCode.State.USED if code.used_at:
            values = {"account": code.used_by, "time": moment(code.used_at)}
            return _("It was used up by the account “%(account)s” on %(time)s.") % values
        case BindingCode.State.REVOKED if code.revoked_at and code.revoked_by:
            revoked = {"user": code.revoked_by, "time": moment(code.revoked_at)}
            return _("It was revoked by %(user)s on %(time)s.") % revoked
        case BindingCode.State.EXPIRED:
            return _("It expired on %(time)s.") % {"time": moment(code.expires_at)}
    return _("It can still be used.")


def short_reason(candidate: Candidate) -> str:
    return str(SHORT[candidate.reasons[0].why])


# --- The history of an account


HOW: dict[str, str | Promise] = {
    BindingChange.How.RULE: gettext_lazy("Bound by a rule"),
    BindingChange.How.BINDING_CODE: gettext_lazy("Bound by a binding code"),
    BindingChange.How.BY_HAND: gettext_lazy("Bound by hand"),
    BindingChange.How.RELEASED: gettext_lazy("Released"),
    BindingChange.How.SET_ASIDE: gettext_lazy("Set aside"),
    BindingChange.How.PUT_BACK: gettext_lazy("Put back into the queue"),
}


def evidence_in_words(change: BindingChange, shown: Callable[[str], str]) -> str:
    """What a rule has found; ``shown`` hides what was typed from who may not see it."""
    if not change.key:
        return change.reason
    values = {"key": change.key, "value": shown(change.value), "kind": _KINDS[change.kind]}
    return _("“%(value)s” in the field %(key)s (%(kind)s)") % values


_KINDS: dict[str, str | Promise] = {
    Kind.CODE: gettext_lazy("customer code; space, width and case do not count"),
    Kind.EXACT_CODE: gettext_lazy("customer code, exactly"),
    Kind.BINDING_CODE: gettext_lazy("one-time binding code"),
}
