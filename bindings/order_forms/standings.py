"""How an account stands: what its pushes and their answers come to, kept on ``AccountOrderForm``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bindings.models import AccountOrderForm, OrderFormPush
from bindings.order_forms import history
from bindings.order_forms.history import Told
from bindings.order_forms.models import digest_of
from bindings.order_forms.plan import NOTHING, Asked, Form, Heard, Known, content, learn
from hireops.database import clock
from hireops.outbox.models import Call

Standing = AccountOrderForm.Standing


@dataclass(frozen=True, slots=True)
class Became:
    """What is just being written of a call, so that its row does not say it yet."""

    state: Call.State
    heard: Heard


def locked(account_id: int) -> AccountOrderForm:
    """The row of the account, made if there is none. Who holds it decides alone about the account's form."""
    AccountOrderForm.objects.get_or_create(account_id=account_id)
    rows = AccountOrderForm.objects.select_for_update(of=("self",)).select_related("form")
    return rows.get(account_id=account_id)


def refresh(row: AccountOrderForm, became: Mapping[int, Became] | None = None) -> None:
    """Write what the calls come to now; ``became`` by their ids. The caller has locked ``row``."""
    told = history.calls_of(row.account_id)
    for_sure = became or {}
    heard = [
        replace(each, heard=for_sure[each.call.pk].heard) if each.call.pk in for_sure else each
        for each in told
    ]
    row.digest = digest_of(confirmed(heard))
    row.push = history.newest(told)
    row.standing = standing_of(row.push, heard, {pk: each.state for pk, each in for_sure.items()})
    row.updated_at = clock.now()
    row.save(update_fields=["digest", "push", "standing", "updated_at"])


def confirmed(told: Iterable[Told]) -> Form:
    """The form under base keys that Feishu has had for certain at last, as its answers say."""
    known, form = Known(), NOTHING
    for each in told:
        known = learn(known, each.asked, each.form, each.heard)
        answered = each.heard is Heard.DONE or each.asked is Asked.DELETE
        if answered and known.certain is not None:
            form = content(known.certain)
    return form


def standing_of(
    push: OrderFormPush | None, told: Sequence[Told], states: Mapping[int, Call.State] | None = None
) -> Standing:
    """From the calls of the newest push; ``states`` are those that their rows do not say yet."""
    if push is None:
        return Standing.SETTLED
    now = {call.pk: (states or {}).get(call.pk, Call.State(call.state)) for call in push.calls}
    if Call.State.PENDING in now.values():
        return Standing.ON_ITS_WAY
    last = push.calls[-1]
    if now[last.pk] == Call.State.SUCCEEDED:
        return Standing.SETTLED
    if push.road == OrderFormPush.Road.DELETE and not confirmed(told) and now[last.pk] == Call.State.REFUSED:
        return Standing.SETTLED  # Feishu refuses to delete what is not there
    return Standing.IN_DOUBT if Call.State.WAITING in now.values() else Standing.REFUSED
