"""What must be true of pushes at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator
from datetime import datetime

from bindings.fields.calls import OPERATIONS, body_of
from bindings.models import CustomFieldPush
from hireops.outbox.models import Call


def pushes_are_sent_as_kept() -> Iterator[str]:
    """What a push says that it sent is what its call sends, to the same tenant."""
    for push in CustomFieldPush.objects.select_related("call").iterator():
        body, operation = body_of(push), OPERATIONS[CustomFieldPush.Kind(push.kind)]
        # The content of old calls is thrown away.
        content = body if push.call.trimmed_at else push.call.payload
        if (push.call.operation, content) != (operation, body):
            yield f"push #{push.pk} is not what its call #{push.call_id} sends"
        if push.call.tenant_id != push.tenant_id:
            yield f"push #{push.pk} goes to another tenant than its call #{push.call_id}"


def pushes_land_in_their_order() -> Iterator[str]:
    """No push was accepted after a newer one to the same tenant had been."""
    accepted = CustomFieldPush.objects.filter(call__state=Call.State.SUCCEEDED).select_related("call")
    newest: dict[tuple[int, int | None], CustomFieldPush] = {}
    for push in accepted.order_by("pk").iterator():
        earlier = newest.get((push.scope, push.tenant_id))
        if earlier and _finished(earlier) > _finished(push):
            yield f"push #{earlier.pk} was accepted after the newer push #{push.pk}"
        newest[push.scope, push.tenant_id] = push


def _finished(push: CustomFieldPush) -> datetime:
    assert push.call.finished_at is not None  # noqa: S101  a call that succeeded has its time, by constraint
    return push.call.finished_at
