"""What can be asked of Feishu. The business apps describe their calls here; the outbox names none of them."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise

from hireops.desk.ownership import Kinds, Seen
from hireops.desk.staff import Reader
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import Endpoint
from hireops.feishu.errors import FeishuError
from hireops.outbox.models import Call
from hireops.outbox.timing import FOR_A_DAY, RetryPolicy


class UnknownOperationError(LookupError):
    """No installed app has described an operation of this name."""


class Found(Enum):
    DONE = "done"
    NOT_DONE = "not_done"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What could be found out of a call whose outcome is not known.

    ``answer`` stands for the one that was lost (without data if None). ``why`` is for staff: why it is not
    clear and where to look, an English sentence marked with ``gettext_noop``.
    """

    found: Found
    answer: Answer | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One kind of call.

    ``send(tenant_key, **payload)`` makes the request to ``endpoint``, outside any transaction, and gives
    Feishu's answer or raises ``FeishuError``. Only if the endpoint is safe to repeat is it sent again by
    itself when nobody knows what became of a request. ``retry`` says when that ends.

    ``resolve(call)`` finds out, for one that is not safe to repeat, what became of a request without an
    answer: outside any transaction, once that request can no longer land, and before anything is repeated.
    It may be asked several times. A ``FeishuError`` that it raises means "ask again later", unless that helps
    nothing. Without it, or when it is not clear, the call waits for a person.

    ``definite_refusals`` are for calls that must not be called refused while they may have been done: only
    these codes end one, and only if no earlier request may have landed; every other refusal leaves it in
    doubt, and it is tried again. None: every refusal against which waiting does not help ends the call.

    ``refused_after``: the general system error that Feishu also refuses with (contract 8.4) is taken for a
    refusal when it has come so often and said each time that nothing was done. None: then a person has to
    look.

    ``on_answer(call, answer)`` and ``on_refusal(call, error)`` run in the transaction that ends the call,
    before its row is locked: what they write is there if and only if the call has ended, and they may take
    locks of their own. Both may run again after they raised. In ``answer.data`` a number that is not whole
    is its exact text (``"0.30"``), the first time as every other. ``on_doubt(call, error)`` runs whenever
    a try leaves open what Feishu has done, or its answer can't be applied for long; ``on_waiting(call)``
    whenever the call begins to wait for a person. Neither may wait for a lock that is held for long; what
    they could not do has to wait for the next try.

    ``is_news``: of no use later and nobody's to decide about. What would make another call wait for a person
    ends such a one.

    ``kept_by_app`` is for calls whose end decides something in the app: staff neither cancel them, nor send
    them again, nor mark them as done in the outbox, and this text tells them where instead. The app may.

    ``permission`` is what staff need to see more of such a call than that it exists, and to decide about it.
    """

    name: str
    label: str | Promise
    endpoint: Endpoint
    send: Callable[..., Answer]
    retry: RetryPolicy = FOR_A_DAY
    definite_refusals: AbstractSet[int] | None = None
    refused_after: int | None = None
    resolve: Callable[[Call], Resolution] | None = None
    on_answer: Callable[[Call, Answer], None] | None = None
    on_refusal: Callable[[Call, FeishuError], None] | None = None
    on_doubt: Callable[[Call, Exception], None] | None = None
    on_waiting: Callable[[Call], None] | None = None
    is_news: bool = False
    kept_by_app: str | Promise = ""
    permission: str = ""

    def __post_init__(self) -> None:
        if self.retry.never_gives_up and not self.endpoint.safe_to_repeat:
            raise ValueError(f"{self.name} is not safe to repeat, so it can't be tried for ever")


_operations: Kinds[Operation] = Kinds()


def register(operation: Operation) -> None:
    """Make the operation known; called in the app's ``AppConfig.ready``."""
    _operations.add(operation)


def get(name: str) -> Operation:
    """The operation of this name. Raises ``UnknownOperationError``."""
    try:
        return _operations[name]
    except KeyError:
        raise UnknownOperationError(f"no app has registered the operation {name!r}") from None


def find(name: str) -> Operation:
    """The operation of this name; if no app knows it any more, one that can't be sent or repeated."""
    return _operations.get(name) or _unknown(name)


def _unknown(name: str) -> Operation:
    def send(*_key: str, **_payload: object) -> Answer:
        return get(name).send(*_key, **_payload)

    endpoint = Endpoint(name, "", "", limits=(), meanings={}, safe_to_repeat=False, doc="")
    return Operation(name=name, label=name, endpoint=endpoint, send=send)


def label_of(name: str) -> str:
    """What the operation does, in words of the staff; its technical name if no app knows it any more."""
    return str(find(name).label)


def kept_by_app(name: str) -> str:
    """Where staff decide about such calls, if not in the outbox."""
    return str(find(name).kept_by_app)


def never_given_up() -> list[str]:
    """The operations that are tried for ever."""
    return [operation.name for operation in _operations.values() if operation.retry.never_gives_up]


def seen_by(reader: Reader) -> Seen:
    """The operations of whose calls ``reader`` sees more than that they exist."""
    return _operations.seen_by(reader)


def labels() -> list[tuple[str, str]]:
    """Names and labels of all operations, to choose from."""
    return [(operation.name, str(operation.label)) for operation in _operations.values()]
