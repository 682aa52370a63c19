"""What Feishu's codes mean (contract 1.8, 2 to 5, 8.4): in general, and at single interfaces, which go first.

``endpoints.py`` says which meaning belongs to which interface, ``errors.py`` what a failed call makes of it.
Where a call may have been carried out before the answer got lost, the text says so: a refusal of the
repetition is then no proof that nothing happened.
"""

from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Advice(Enum):
    """What helps against a failure."""

    RETRY_LATER = "retry_later"
    NEVER = "never"  # the same request will always fail
    ASK_PERSON = "ask_person"  # somebody has to change something first, here or at Feishu
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - an advice, no secret


# What helps, and for staff: what happened, what it means, what to do.
Meaning = tuple[Advice, str | Promise]

_OUR_MISTAKE = _(
    "Feishu does not know what hireops asked for. That is a mistake in hireops: report it with the log ID."
)
_TOKEN_REFUSED = _(
    "Feishu did not accept the access token, not even a fresh one. Check in the developer console that the "
    "app is enabled and may use this interface, then send the call again."
)
_USER_TOKEN = _(
    "This interface wants the token of a user, and hireops has none. That is a mistake in hireops: report it "
    "with the log ID."
)
_INTERNAL = _("Feishu had an internal error. hireops tries again by itself.")
_CATCH_ALL = _(
    "Feishu reports a system error, which can also mean that it refused the operation. If trying again does "
    "not help, check the data with Feishu's support and give them the log ID."
)
_NOT_INSTALLED = _(
    "The app is not available in this tenant. Ask the customer's administrator to install or enable it, then "
    "send the call again."
)
_WRONG_APP = _(
    "Feishu does not know this app. Check FEISHU_APP_ID, FEISHU_APP_SECRET and FEISHU_BASE_URL, then restart "
    "hireops."
)
_WRONG_SECRET = _(
    "Feishu refuses App ID and App Secret, so hireops does not ask with them again. Correct FEISHU_APP_ID, "
    "FEISHU_APP_SECRET or FEISHU_BASE_URL and restart hireops. If Feishu accepts them meanwhile, start an "
    "examination (or manage.py doctor): that asks once more."
)

RATE_LIMIT_CODE = 99991400
# The general "system error" of Hire, in both spellings: something broke, or Feishu refuses (contract 8.4).
CATCH_ALL_CODES = frozenset({1002001, 1020001})
# Something broke inside Feishu, maybe after the work was done.
INTERNAL_CODES = frozenset({1500, 2200, 5000})

CODES: dict[int, Meaning] = {
    # the call itself
    RATE_LIMIT_CODE: (
        Advice.RETRY_LATER,
        _("Feishu's rate limit is reached. hireops waits and sends it again."),
    ),
    99991401: (
        Advice.ASK_PERSON,
        _(
            "This server's IP address is not on the app's allow-list. Add it in the developer console, then "
            "send the call again."
        ),
    ),
    99991403: (
        Advice.ASK_PERSON,
        _(
            "The customer's monthly API quota is used up. Send the call again next month, or after the "
            "customer has raised the quota."
        ),
    ),
    99991201: (Advice.NEVER, _OUR_MISTAKE),
    99991301: (Advice.NEVER, _OUR_MISTAKE),
    99992402: (
        Advice.NEVER,
        _("Feishu finds a value missing or wrong; the message names it. Correct it and send a new call."),
    ),
    1002002: (
        Advice.NEVER,
        _("Feishu Hire finds a value missing or wrong. Correct it and send a new call."),
    ),
    **dict.fromkeys(CATCH_ALL_CODES, (Advice.RETRY_LATER, _CATCH_ALL)),
    **dict.fromkeys(INTERNAL_CODES, (Advice.RETRY_LATER, _INTERNAL)),
    # the token and the app's rights
    99991661: (Advice.NEVER, _OUR_MISTAKE),
    99991663: (Advice.REFRESH_TOKEN, _TOKEN_REFUSED),
    99991664: (Advice.REFRESH_TOKEN, _TOKEN_REFUSED),
    99991665: (Advice.REFRESH_TOKEN, _TOKEN_REFUSED),
    99991671: (Advice.REFRESH_TOKEN, _TOKEN_REFUSED),
    99991668: (Advice.NEVER, _USER_TOKEN),
    99991677: (Advice.NEVER, _USER_TOKEN),
    99991679: (Advice.NEVER, _USER_TOKEN),
    99991662: (
        Advice.ASK_PERSON,
        _("The app is disabled. Enable it in the developer console, then send the call again."),
    ),
    99991672: (
        Advice.ASK_PERSON,
        _(
            "The app lacks a permission; the message names it. Add it in the developer console, publish a "
            "new version, then send the call again."
        ),
    ),
    99991673: (Advice.ASK_PERSON, _NOT_INSTALLED),
    99991676: (Advice.ASK_PERSON, _TOKEN_REFUSED),
    # getting a token
    10003: (Advice.ASK_PERSON, _WRONG_APP),
    10005: (Advice.ASK_PERSON, _WRONG_APP),
    10012: (
        Advice.RETRY_LATER,
        _(
            "Feishu does not accept the app_ticket that we have. A new one has been asked for; hireops tries "
            "again by itself when it arrives."
        ),
    ),
    10013: (Advice.ASK_PERSON, _NOT_INSTALLED),
    10014: (
        Advice.ASK_PERSON,
        _("The app cannot be used at present. Check its state in the developer console."),
    ),
    10015: (Advice.ASK_PERSON, _WRONG_SECRET),
    10016: (
        Advice.ASK_PERSON,
        _("This app is no store app. Set FEISHU_APP_TYPE=custom and restart hireops."),
    ),
    11207: (Advice.ASK_PERSON, _NOT_INSTALLED),
    11209: (Advice.ASK_PERSON, _WRONG_APP),
    11210: (Advice.ASK_PERSON, _NOT_INSTALLED),
    20009: (Advice.ASK_PERSON, _NOT_INSTALLED),
    99991543: (Advice.ASK_PERSON, _WRONG_SECRET),
}


# --- At single interfaces --------------------------------------------------------------------------------


def catch_all(text: str | Promise) -> dict[int, Meaning]:
    """What the general "system error" hides at one interface."""
    return dict.fromkeys(CATCH_ALL_CODES, (Advice.RETRY_LATER, text))


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

# --- Messages of the app's bot ---------------------------------------------------------------------------

MESSAGE_NOT_UNDERSTOOD: Meaning = (
    Advice.NEVER,
    _(
        "Feishu does not understand the message, or does not know its receiver: the sign-in and the bot must "
        "be of the same app."
    ),
)
BOT_IS_OFF: Meaning = (
    Advice.ASK_PERSON,
    _(
        "The app has no bot. Switch the bot on in the developer console under Features, and publish a "
        "version after that."
    ),
)
NOT_IN_RANGE: Meaning = (
    Advice.ASK_PERSON,
    _(
        "The bot can't reach this person, who is outside the app's availability range. A Feishu "
        "administrator can add the person to it."
    ),
)
APP_NOT_INSTALLED: Meaning = (
    Advice.ASK_PERSON,
    _(
        "The app is not installed in this company. Its administrator installs it in the Feishu admin "
        "console; "
        "a custom app is published first."
    ),
)
NO_MESSAGES_ALLOWED: Meaning = (
    Advice.ASK_PERSON,
    _(
        "The app may not send messages. Give it im:message:send_as_bot in the developer console, and publish "
        "a new version."
    ),
)
TOO_MANY_TO_ONE: Meaning = (
    Advice.RETRY_LATER,
    _("The receiver has got too many messages within a second. hireops waits and sends it again."),
)

# --- Outgoing addresses ----------------------------------------------------------------------------------

NO_SUCH_PAGE: Meaning = (
    Advice.NEVER,
    _("Feishu did not accept the page or its size. Start again with the first page."),
)
