"""What somebody reads who could not be signed in: what happened, and what to do."""

from allauth.socialaccount.providers.base import ProviderException
from django.utils.translation import gettext as _

from hireops.feishu.errors import FeishuError, Outcome

# Unverified: the codes of Feishu's page get-user-access-token.
CODE_USED_UP = {20003, 20004, 20024, 20049, 20065}
NOT_YOUR_APP = {20009, 20010}
NOBODY = {20008, 20066}
APP_IS_OFF = {20069}


class RefusedError(ProviderException):
    """Nobody is signed in; ``str()`` is for the person at the login page, without secrets."""


class NoAnswerError(RefusedError):
    """The same, but Feishu's fault and not that of who tried."""


def did_not_work(error: FeishuError) -> RefusedError:
    if error.outcome is not Outcome.REFUSED:
        return NoAnswerError(
            _(
                "Feishu did not answer, so nobody was signed in. Wait a minute and try again, or sign in "
                "with your password; if it goes on, tell whoever runs hireops."
            )
        )
    return RefusedError(_why_refused(error))


def _why_refused(error: FeishuError) -> str:
    if error.code in CODE_USED_UP:
        return _("This sign-in took too long or was used already. Sign in once more.")
    if error.code in NOT_YOUR_APP:
        return _(
            "The app is not available to you in Feishu. Ask your Feishu administrator to add you to those "
            "who may use it, then sign in once more."
        )
    if error.code in NOBODY:
        return _("Your Feishu account is not active. Ask your Feishu administrator.")
    if error.code in APP_IS_OFF:
        return _("The app is not enabled in Feishu. Ask whoever runs hireops.")
    return _(
        "Feishu refused to sign you in with code %(code)s: “%(message)s”. Tell whoever runs hireops; "
        "Feishu's support needs the log ID %(log_id)s."
    ) % {"code": error.code, "message": error.message, "log_id": error.log_id or "–"}
