"""What Feishu's codes mean that every interface can answer (contract 1.8 and 8.4), and what helps."""

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

# The codes of single Hire interfaces are not here: see meanings.py.
# Something broke inside Feishu, maybe after the work was done.
INTERNAL_CODES = frozenset({1500, 2200, 5000})

CODES: dict[int, Meaning] = {
    # the call itself
    99991400: (Advice.RETRY_LATER, _("Feishu's rate limit is reached. hireops waits and sends it again.")),
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
    1002001: (Advice.RETRY_LATER, _CATCH_ALL),
    1020001: (Advice.RETRY_LATER, _CATCH_ALL),
    2200: (Advice.RETRY_LATER, _INTERNAL),
    5000: (Advice.RETRY_LATER, _INTERNAL),
    1500: (Advice.RETRY_LATER, _INTERNAL),
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
    10015: (
        Advice.ASK_PERSON,
        _("The app secret is wrong. Correct FEISHU_APP_SECRET and restart hireops."),
    ),
    10016: (
        Advice.ASK_PERSON,
        _("This app is no store app. Set FEISHU_APP_TYPE=custom and restart hireops."),
    ),
    11207: (Advice.ASK_PERSON, _NOT_INSTALLED),
    11209: (Advice.ASK_PERSON, _WRONG_APP),
    11210: (Advice.ASK_PERSON, _NOT_INSTALLED),
    20009: (Advice.ASK_PERSON, _NOT_INSTALLED),
    99991543: (Advice.ASK_PERSON, _WRONG_APP),
}
