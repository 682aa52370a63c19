"""How a try can end without Feishu having spoken in it."""

from hireops.feishu import sentences
from hireops.feishu.errors import Advice, FeishuError, Outcome


class WorkerLostError(Exception):
    """The lease ran out: the worker was killed or stopped, and may have sent the request before."""


class TooLateError(Exception):
    """Too little was left of the lease when the request was to leave, so it did not."""


class UnappliedError(Exception):
    """Feishu has answered, but what the answer changes here could not be written. Nothing is lost."""


class UnappliableError(Exception):
    """Raised by an app that will never apply this answer: trying it again is no use, a person has to look."""


class NotDoneError(Exception):
    """It was found out that Feishu has not done the call."""


class UnclearError(Exception):
    """It could not be found out whether Feishu has done the call; ``why`` says so to staff."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotReadyError(FeishuError):
    """Raised by an app while something that the call needs is not there yet: nothing was sent.

    ``why`` tells staff what, and who has to do something: an English sentence marked with ``gettext_noop``.
    Other calls of the same kind go on meanwhile.
    """

    def __init__(self, why: str) -> None:
        super().__init__(Outcome.NOT_SENT, sentences.NOT_READY, advice=Advice.RETRY_LATER)
        self.why = why


class NotWantedError(FeishuError):
    """Raised by an app for a call that has become pointless before it left: nothing was sent, it ends."""

    def __init__(self) -> None:
        super().__init__(Outcome.NOT_SENT, sentences.POINTLESS, advice=Advice.NEVER)


class TenantGoneError(FeishuError):
    """The customer has removed the app: nothing was sent, and never will be."""

    def __init__(self) -> None:
        super().__init__(Outcome.NOT_SENT, sentences.TENANT_GONE, advice=Advice.NEVER)
