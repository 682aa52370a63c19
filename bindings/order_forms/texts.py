"""Roads and their reasons in words for staff."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bindings.order_forms.plan import Road, Why

ROADS: dict[Road, str | Promise] = {
    Road.NONE: _("Nothing has to be sent"),
    Road.CREATE: _("Create the form"),
    Road.UPDATE: _("Update the texts"),
    Road.RECREATE: _("Delete the form, then create it with new keys"),
    Road.DELETE: _("Delete the form"),
}
CONSEQUENCES: dict[Road, str | Promise] = {
    Road.NONE: _("Feishu has accepted just this form."),
    Road.CREATE: _("Customers see the form from their next order on."),
    Road.UPDATE: _(
        "The fields keep their keys. Orders that were placed already show the new texts too; what was filled "
        "in does not change."
    ),
    Road.RECREATE: _(
        "Orders that were placed already keep their form and their answers. The old keys can never be used "
        "again in this account. Between the two calls, usually less than a second, customers order without a "
        "form; if hireops is interrupted there, the second call leaves once it is back."
    ),
    Road.DELETE: _(
        "Customers order without a form from then on. Orders that were placed already keep theirs. The keys "
        "can never be used again in this account."
    ),
}
REASONS: dict[Why, str | Promise] = {
    Why.SAME: _("The form at Feishu is the one defined here."),
    Why.FIRST: _("The account has no form yet."),
    Why.AGAIN: _("The first try to create it got no answer, so the same form is sent once more."),
    Why.TEXTS: _("Only names and hints differ, and Feishu can change these alone."),
    Why.EMPTY: _("The account is to have no form."),
    Why.ADDED: _("A field comes new, and Feishu can't add a field to a form."),
    Why.REMOVED: _("A field goes, and Feishu can't take a single field out of a form."),
    Why.TYPE: _("A field gets another type, and Feishu can't change that."),
    Why.REQUIRED: _("A field becomes required or optional, and Feishu can't change that."),
    Why.OPTIONS: _("The options of a field change, and Feishu can't change these."),
    Why.OPTION_NAMES: _("An option gets another name; it is not certain that Feishu can change that."),
    Why.MOVED: _("Fields change places, and Feishu can't move them."),
    Why.EMPTIED: _("A name or hint is emptied; it is not certain that Feishu would clear it."),
    Why.DOUBT: _("It is not certain which form the account has, and this is right for each of them."),
    Why.UNKNOWN: _("Feishu says that the account has a form which hireops has not made."),
    Why.ANEW: _("Somebody wants the form deleted and created anew."),
    Why.EXISTS: _("Feishu has answered that the account has a form already."),
}


def reasons(why: list[str]) -> list[str]:
    """In words, from what a row keeps."""
    return [str(REASONS[Why(each)]) for each in why if each in set(Why)]
