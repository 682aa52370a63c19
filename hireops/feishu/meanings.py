"""What codes of Feishu Hire mean at a single interface (contract 2 to 5, 8.4).

The same code means different things at different ones. Where a call may have been carried out before the
answer got lost, the text says so: a refusal of the repetition is then no proof that nothing happened.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hireops.feishu.codes import Advice, Meaning


def catch_all(text: str | Promise) -> dict[int, Meaning]:
    """The general "system error" of Hire, in both spellings, with what it hides at this interface."""
    return dict.fromkeys((1002001, 1020001), (Advice.RETRY_LATER, text))


# --- Referral accounts -----------------------------------------------------------------------------------

NO_EMPLOYEE: Meaning = (
    Advice.ASK_PERSON,
    _(
        "Feishu finds no employee of this customer with this mobile number or e-mail address. Check them "
        "with the customer, then register the referral account again."
    ),
)
SEVERAL_EMPLOYEES: Meaning = (
    Advice.ASK_PERSON,
    _(
        "Several employees of this customer match this mobile number or e-mail address. Ask the customer to "
        "make them unique in Feishu, then send the call again."
    ),
)
NO_REFERRAL_ACCOUNT: Meaning = (
    Advice.NEVER,
    _(
        "Feishu does not know this referral account. Check that it was registered by this app and for this "
        "customer, then send a new call."
    ),
)
NO_ACCOUNT_IN_LIST: Meaning = (
    Advice.NEVER,
    _(
        "Feishu does not know one of the referral accounts to be reconciled and compared nothing. Check that "
        "all of them were registered by this app and for this customer, then reconcile again."
    ),
)
REFERRAL_ACCOUNT_DISABLED: Meaning = (
    Advice.ASK_PERSON,
    _(
        "This referral account is disabled, and Feishu pays out nothing from it. Enable it, look at its "
        "balance, then send the call again."
    ),
)

# --- Partner accounts: only the catch-all ----------------------------------------------------------------

ACCOUNT_FIELDS_NOT_CREATED = _(
    "Feishu did not take the custom fields: it has a system error, or the customer has not added this app "
    "under Settings > Ecosystem yet. hireops tries again a few times by itself."
)
ACCOUNT_FIELDS_NOT_UPDATED = _(
    "Feishu did not change the custom fields: it has a system error, or one of the keys does not exist "
    "there. hireops tries again a few times by itself."
)
ACCOUNT_FIELDS_NOT_DELETED = _(
    "Feishu did not delete the custom fields: it has a system error, or refuses because one field has to "
    "stay, or they are gone already. hireops tries again a few times by itself."
)

# --- Background checks -----------------------------------------------------------------------------------

ORDER_FORM_EXISTS: Meaning = (
    Advice.ASK_PERSON,
    _(
        "Feishu did not take the order form: this account has one already, or a field is wrong. If an "
        "earlier try got no clear answer, the form there may be this one. If only texts change, update the "
        "form; otherwise delete it and create it again with new keys."
    ),
)
ORDER_FORM_NOT_UPDATED = _(
    "Feishu did not change the order form: it has a system error, or a field does not exist there, or the "
    "number of fields differs. hireops tries again a few times by itself."
)
ORDER_FORM_NOT_DELETED: Meaning = (
    Advice.ASK_PERSON,
    _(
        "Feishu refused to delete the order form. If an earlier try got no clear answer, it may be deleted "
        "already. Look at the account's form in Feishu before anything is sent again."
    ),
)
PACKAGES_NOT_CREATED = _(
    "Feishu did not take the packages: it has a system error, or one of the IDs exists already or did so "
    "before. hireops tries again a few times by itself; if that does not help, update the ones that exist "
    "and create only the others."
)
PACKAGES_NOT_UPDATED = _(
    "Feishu did not change the packages: it has a system error, or one of the IDs does not exist in this "
    "account. hireops tries again a few times by itself."
)
PACKAGES_NOT_DELETED: Meaning = (
    Advice.ASK_PERSON,
    _(
        "Feishu did not delete the packages: one of the IDs does not exist in this account, or a value is "
        "wrong. If an earlier try got no clear answer, they may be deleted already. Look in Feishu before "
        "anything is sent again."
    ),
)
NO_ORDER: Meaning = (
    Advice.NEVER,
    _(
        "Feishu does not know this background check. Check that the order belongs to this customer and came "
        "to this app."
    ),
)
NO_PROGRESS_NOW: Meaning = (
    Advice.ASK_PERSON,
    _(
        "The background check takes no more progress: it is completed or terminated. If an earlier try got "
        "no clear answer, the stage may be there already. Look at the order in Feishu before anything is "
        "sent again."
    ),
)
NO_RESULT_NOW: Meaning = (
    Advice.ASK_PERSON,
    _(
        "The background check takes no result in its present state. If an earlier try got no clear answer, "
        "the result has probably arrived. Look at the order in Feishu before anything is sent again."
    ),
)
RESULT_IN_APPROVAL: Meaning = (
    Advice.ASK_PERSON,
    _(
        "The customer is approving a result of this background check, so Feishu takes no other one. If an "
        "earlier try got no clear answer, it is probably the one being approved. Wait for the approval and "
        "look at the order in Feishu; trying again does not help."
    ),
)

# --- Exams -----------------------------------------------------------------------------------------------

NO_LOGIN_NOW: Meaning = (
    Advice.ASK_PERSON,
    _(
        "The exam takes no login information in its present state. If an earlier try got no clear answer, it "
        "may be there already. Look at the exam in Feishu before anything is sent again."
    ),
)
MARKING_FINISHED: Meaning = (
    Advice.NEVER,
    _(
        "The customer has finished marking this exam, so its result cannot be changed any more. If it is "
        "wrong, tell the customer."
    ),
)

# --- Outgoing addresses ----------------------------------------------------------------------------------

NO_SUCH_PAGE: Meaning = (
    Advice.NEVER,
    _("Feishu did not accept the page or its size. Start again with the first page."),
)
