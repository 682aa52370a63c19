"""What can be asked of Feishu. The business apps describe their calls here; the outbox names none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.contrib.auth.models import AnonymousUser, User
from django.utils.functional import Promise

from hireops.feishu.client import Answer
from hireops.feishu.errors import FeishuError
from hireops.outbox.models import Call


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

    ``send(tenant_key, **payload)`` makes the request, outside any transaction, and gives Feishu's answer or
    raises ``FeishuError``. ``safe_to_repeat`` says that doing it twice is the same as doing it once (contract
    8.6): only then is it sent again by itself when nobody knows what became of a request.

    ``resolve(call)`` finds out, for one that is not safe to repeat, what became of a request without an
    answer: outside any transaction, once that request can no longer land, and before anything is repeated.
    It may be asked several times. A ``FeishuError`` that it raises means "ask again later", unless that helps
    nothing. Without it, or when it is not clear, the call waits for a person.

    ``on_answer(call, answer)`` and ``on_refusal(call, error)`` run in the transaction that ends the call,
    before its row is locked: what they write is there if and only if the call has ended, and they may take
    locks of their own. Both may run again after they raised. In ``answer.data`` a number that is not whole
    is its exact text (``"0.30"``), the first time as every other.

    ``kept_by_app`` is for calls whose end decides something in the app: staff neither cancel them nor send
    them again in the outbox, and this text tells them where instead. The app itself may.

    ``permission`` is what staff need to see more of such a call than that it exists, and to decide about it.
    """

    name: str
    label: str | Promise
    send: Callable[..., Answer]
    safe_to_repeat: bool
    resolve: Callable[[Call], Resolution] | None = None
    on_answer: Callable[[Call, Answer], None] | None = None
    on_refusal: Callable[[Call, FeishuError], None] | None = None
    kept_by_app: str | Promise = ""
    permission: str = ""


_operations: dict[str, Operation] = {}


def register(operation: Operation) -> None:
    """Make the operation known; called in the app's ``AppConfig.ready``."""
    if operation.name in _operations:
        raise ValueError(f"{operation.name} is registered already")
    _operations[operation.name] = operation


def get(name: str) -> Operation:
    """The operation of this name. Raises ``UnknownOperationError``."""
    try:
        return _operations[name]
    except KeyError:
        raise UnknownOperationError(f"no app has registered the operation {name!r}") from None


def is_safe_to_repeat(name: str) -> bool:
    """Whether doing it twice is the same as doing it once. No, if no app knows the operation any more."""
    return name in _operations and _operations[name].safe_to_repeat


def can_be_resolved(name: str) -> bool:
    """Whether hireops can find out by itself what became of a request without an answer."""
    return name in _operations and _operations[name].resolve is not None


def label_of(name: str) -> str:
    """What the operation does, in words of the staff; its technical name if no app knows it any more."""
    return str(_operations[name].label) if name in _operations else name


def kept_by_app(name: str) -> str:
    """Where staff decide about such calls, if not in the outbox."""
    return str(_operations[name].kept_by_app) if name in _operations else ""


def hidden_from(user: User | AnonymousUser) -> set[str]:
    """The operations of whose calls ``user`` sees only that they exist."""
    return {
        operation.name
        for operation in _operations.values()
        if operation.permission and not user.has_perm(operation.permission)
    }


def labels() -> list[tuple[str, str]]:
    """Names and labels of all operations, to choose from."""
    return [(operation.name, str(operation.label)) for operation in _operations.values()]
