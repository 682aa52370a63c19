"""What must be true of order forms at any time (``manage.py check_invariants``)."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from bindings.models import AccountOrderForm, OrderForm, OrderFormPush
from bindings.order_forms import history, standings
from bindings.order_forms.history import Told
from bindings.order_forms.models import digest_of
from bindings.order_forms.plan import Asked, Known, keys, learn
from bindings.order_forms.sending import OPERATIONS

PIECE = 500


def forms_stand_as_their_calls_say() -> Iterator[str]:
    """What an account has as confirmed, and how it stands, is what its pushes and their answers come to."""
    for row, told in _with_calls():
        confirmed = digest_of(standings.confirmed(told))
        newest = history.newest(told)
        if (row.digest, row.push_id) != (confirmed, newest.pk if newest else None):
            yield f"the order form of account #{row.account_id} is not what its calls come to"
        elif row.standing != standings.standing_of(newest, told):
            yield f"the order form of account #{row.account_id} does not stand as its calls say"
    without = OrderFormPush.objects.exclude(
        Exists(AccountOrderForm.objects.filter(account=OuterRef("account")))
    )
    for push in without.only("pk"):
        yield f"push #{push.pk} of an order form is to an account that has no row"


def burned_keys_never_return() -> Iterator[str]:
    """No create sends a key that an account may have lost before."""
    for row, told in _with_calls():
        known = Known()
        for each in told:
            if each.asked is Asked.CREATE and keys(each.form) & known.burned:
                yield f"push #{each.push.pk} to account #{row.account_id} sends a burned key again"
            known = learn(known, each.asked, each.form, each.heard)


def order_forms_are_sent_as_kept() -> Iterator[str]:
    """What a push says that it sent is what its calls send, to the account that it names."""
    for told in _calls():
        account_id = told.push.account.account_id
        body: dict[str, object] = {"account_id": account_id}
        if told.asked is not Asked.DELETE:
            body["custom_field_list"] = told.push.fields
        # The content of old calls is thrown away.
        content = body if told.call.trimmed_at else told.call.payload
        if (told.call.operation, content) != (OPERATIONS[told.asked], body):
            yield f"push #{told.push.pk} of an order form is not what its call #{told.call.pk} sends"


def digests_are_those_of_their_fields() -> Iterator[str]:
    for form in OrderForm.objects.prefetch_related("fields").iterator(PIECE):
        if form.digest != digest_of(form.as_planned()):
            yield f"the digest of order form #{form.pk} is not that of its fields"


def _with_calls() -> Iterator[tuple[AccountOrderForm, list[Told]]]:
    rows = AccountOrderForm.objects.order_by("pk")
    after = 0
    while piece := list(rows.filter(pk__gt=after)[:PIECE]):
        after = piece[-1].pk
        told: dict[int, list[Told]] = defaultdict(list)
        for each in history.calls_of_all([row.account_id for row in piece]):
            told[each.push.account_id].append(each)
        yield from ((row, told[row.account_id]) for row in piece)


def _calls() -> Iterator[Told]:
    for _row, told in _with_calls():
        yield from told
