"""What is told to Feishu of an order: one update at a time, by number, and nothing that an end has overtaken.

Only the first open update of an order is owed to the outbox; its answer owes the next one, in the same
transaction. One that was refused or may have arrived holds back the rest until a person has settled it. Every
state changes here, while the row of the order is locked: first orders, then calls.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from bindings.orders.models import Order, OrderUpdate
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.client import Answer
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.tenants import call_tenant
from hireops.outbox import services as outbox
from hireops.outbox.models import Attempt, Call

AnOrder = TypeVar("AnOrder", bound=Order)
AnUpdate = TypeVar("AnUpdate", bound=OrderUpdate)
State = OrderUpdate.State


class Look(models.TextChoices):
    """What an update has an order looked at for. A room may have others of its own in ``to_look_at``."""

    REFUSED = "refused", gettext_lazy("refused by Feishu")
    IN_DOUBT = "in_doubt", gettext_lazy("may have arrived")
    STUCK = "stuck", gettext_lazy("could not be sent")


class Found(models.TextChoices):
    """What a person says of an update that waits for one."""

    ARRIVED = "arrived", gettext_lazy("It has arrived")
    NOT_ARRIVED = "not_arrived", gettext_lazy("It has not arrived: send it again")
    LEAVE = "leave", gettext_lazy("Leave it and go on")


AUDITED = {
    Found.ARRIVED: gettext_noop("settled: it has arrived"),
    Found.NOT_ARRIVED: gettext_noop("settled: it has not arrived"),
    Found.LEAVE: gettext_noop("settled: left, and gone on"),
}


class OrderClosedError(FeishuError):
    """The order has ended before this left: nothing was sent, and nothing will be."""

    def __init__(self) -> None:
        super().__init__(Outcome.NOT_SENT, gettext_noop("the order has ended"), advice=Advice.NEVER)


@dataclass(frozen=True, kw_only=True)
class Queue(Generic[AnOrder, AnUpdate]):
    """The updates of one kind of order. ``of`` is their foreign key to it.

    ``closed(order)`` says why nothing may be told of it any more, as a key, "" while it may. ``arrived(order,
    update)`` changes the locked order when Feishu has taken an update; it may meet an order that has ended.
    ``may_be_left(update)``: whether what follows may leave although nobody knows if this one arrived.
    """

    orders: type[AnOrder]
    updates: type[AnUpdate]
    of: str
    operation: Callable[[AnUpdate], str]
    target: Callable[[AnOrder], str]
    closed: Callable[[AnOrder], str]
    arrived: Callable[[AnOrder, AnUpdate], None]
    may_be_left: Callable[[AnUpdate], bool] = lambda update: False

    # --- Reading

    def lock(self, pk: int) -> AnOrder:
        """The order as it is now, and nobody else's until the transaction ends."""
        locked = self.orders._default_manager.select_for_update(of=("self",))  # noqa: SLF001 - documented
        return locked.select_related("tenant").get(pk=pk)

    def updates_of(self, order: AnOrder) -> "models.QuerySet[AnUpdate]":
        rows = self.updates._default_manager.filter(**{self.of: order})  # noqa: SLF001
        return rows.select_related("call").order_by("number")

    def order_of(self, update: AnUpdate) -> AnOrder:
        order: AnOrder = getattr(update, self.of)
        return order

    # --- Telling

    def add(self, order: AnOrder, *, by: User | None, **says: Any) -> AnUpdate:
        """A new last update of the locked order, owed at once if nothing is before it.

        Raises ``Refused`` if the order has ended.
        """
        if self.closed(order):
            raise Refused(_("This order has ended. Nothing more can be told to Feishu about it."))
        last = self.updates_of(order).aggregate(last=Max("number"))["last"] or 0
        rows = self.updates._default_manager  # noqa: SLF001
        update = rows.create(**{self.of: order}, number=last + 1, created_by=by, **says)
        self.owe_next(order)
        update.refresh_from_db()
        return update

    def owe_next(self, order: AnOrder) -> None:
        """Owe the outbox the first open update of the locked order, unless it is owed already, or waits for a
        person."""
        first = self.updates_of(order).filter(state__in=OrderUpdate.OPEN).first()
        if first is None or first.state != State.QUEUED or self.closed(order):
            return
        first.call = outbox.enqueue(
            operation=self.operation(first),
            target=self.target(order),
            payload={"update": first.pk},
            tenant=call_tenant(order.tenant),
            by=first.created_by,
        )
        self._mark(first, State.SENDING)

    def to_send(self, pk: int) -> AnUpdate:
        """The update that a call names, for the operation's ``send``; nothing is locked.

        Raises ``OrderClosedError`` for one that an end has overtaken: also a call that was on its way when
        the order ended, came back unsent and is tried again, leaves no more.
        """
        update = self.updates._default_manager.select_related("call", f"{self.of}__tenant").get(pk=pk)  # noqa: SLF001
        if update.state not in {State.SENDING, State.IN_DOUBT} or self.closed(self.order_of(update)):
            raise OrderClosedError
        return update

    # --- What became of a call (hooks of the outbox)

    def answered(self, call: Call, _answer: Answer) -> None:
        """Feishu has taken it, perhaps long after somebody gave it up."""
        order, update = self._locked_by(call)
        self._arrived(order, update, why=self.closed(order))

    def refused(self, call: Call, error: FeishuError) -> None:
        order, update = self._locked_by(call)
        if update.state not in {State.SENDING, State.IN_DOUBT}:
            return
        if error.outcome is not Outcome.NOT_SENT:
            refused = gettext_noop("not taken by Feishu")
            audit.record(by=None, action=refused, on=order, number=update.number, code=error.code)
        if not (closed := self.closed(order)):
            self._mark(update, State.REFUSED)
            self._look(order, Look.REFUSED)
        elif self._overtaken(order, update, closed):
            self._look(order, Look.IN_DOUBT)

    def doubted(self, call: Call, _error: Exception) -> None:
        order, update = self._locked_by(call)
        if update.state == State.SENDING:
            self._mark(update, State.IN_DOUBT, why=self.closed(order))

    def waiting(self, call: Call) -> None:
        """The outbox goes on no more: a person has to look."""
        order, update = self._locked_by(call)
        if update.state == State.IN_DOUBT:
            self._look(order, Look.IN_DOUBT)
        elif update.state == State.SENDING:
            self._look(order, Look.STUCK)

    # --- The end of an order

    def stop(self, order: AnOrder, why: str) -> None:
        """Send nothing more of the locked order. What was not begun is given up; what is on its way ends as
        Feishu answers; what may have arrived stays in doubt, for a person."""
        for update in self.updates_of(order).filter(state__in=OrderUpdate.OPEN):
            if update.state == State.QUEUED:
                self._mark(update, State.STOPPED, why=why)
            elif update.state == State.SENDING and not self._given_up(update):
                self._mark(update, State.SENDING, why=why)
            elif self._overtaken(order, update, why) and waits_for_a_person(update):
                self._look(order, Look.IN_DOUBT)

    def _overtaken(self, order: AnOrder, update: AnUpdate, why: str) -> bool:
        """Nothing of it is on its way, and the order has ended: whether it is in doubt."""
        in_doubt = update.call is not None and may_have_landed(update.call)
        self._mark(update, State.IN_DOUBT if in_doubt else State.STOPPED, why=why)
        self._looked_at(order)
        return in_doubt

    # --- What a person says

    def settle(self, update: AnUpdate, found: Found, *, by: User, reason: str) -> None:
        """What a person has found out of an update that holds up its order. Raises ``Refused``."""
        with transaction.atomic():
            order = self.lock(self.order_of(update).pk)
            update = self.updates_of(order).get(pk=update.pk)
            if why_not := self.why_not_settled(order, update, found):
                raise Refused(why_not)
            audit.record(by=by, action=AUDITED[found], on=order, reason=reason, number=update.number)
            match found:
                case Found.ARRIVED:
                    self._arrived(order, update, why=Found.ARRIVED)
                    _end_as_done(update.call, reason)
                case Found.NOT_ARRIVED if closed := self.closed(order):
                    self._given_up(update)
                    self._mark(update, State.STOPPED, why=closed)
                case Found.NOT_ARRIVED if update.call:
                    outbox.resend_call(update.call, by=None, reason=reason)
                    self._mark(update, State.SENDING)
                case Found.LEAVE:
                    self._given_up(update)
                    in_doubt = update.state == State.IN_DOUBT
                    self._mark(update, State.LEFT if in_doubt else State.STOPPED, why=Found.LEAVE)
            self._looked_at(order)
            self.owe_next(order)

    def why_not_settled(self, order: AnOrder, update: AnUpdate, found: Found) -> str:
        """Why a person can't say this now, as a sentence for staff. Empty if that is possible."""
        if not waits_for_a_person(update):
            if update.state == State.IN_DOUBT:
                return _("hireops is finding out by itself whether it has arrived. Look again in a minute.")
            return _("There is nothing to be settled about this: look at the order as it is now.")
        if found == Found.ARRIVED and update.state == State.SENDING:
            return _("It has never left, so it can't have arrived. Send it again, or leave it.")
        if found == Found.LEAVE and self.closed(order):
            return _("This order has ended. Say whether it has arrived or not.")
        if found == Found.LEAVE and update.state == State.IN_DOUBT and not self.may_be_left(update):
            return _(
                "What follows depends on whether this has arrived, so it can't be left open. Look at the "
                "order in Feishu, or ask the customer; then say whether it has arrived."
            )
        return ""

    # --- Writing

    def _locked_by(self, call: Call) -> tuple[AnOrder, AnUpdate]:
        found = self.updates._default_manager.filter(call=call)  # noqa: SLF001
        order = self.lock(found.values_list(self.of, flat=True).get())
        return order, self.updates_of(order).get(call=call)

    def _arrived(self, order: AnOrder, update: AnUpdate, *, why: str) -> None:
        if update.state == State.DELIVERED:
            return
        update.delivered_at = clock.now()
        self._mark(update, State.DELIVERED, why=why)
        self._looked_at(order)
        self.arrived(order, update)
        self.owe_next(order)

    def _given_up(self, update: AnUpdate) -> bool:
        """End its call, if nothing of it can be on its way; whether it has ended."""
        if update.call is None or update.call.state in Call.FINAL:
            return True
        try:
            outbox.cancel_call(update.call, by=None, reason=gettext_noop("given up with its order"))
        except Refused:
            return False
        return True

    def _mark(self, update: AnUpdate, state: State, *, why: str = "") -> None:
        update.state, update.why = state, why
        update.save(update_fields=["state", "why", "call", "delivered_at"])

    def _look(self, order: AnOrder, look: Look) -> None:
        order.to_look_at = look
        order.save(update_fields=["to_look_at"])

    def _looked_at(self, order: AnOrder) -> None:
        """Nothing is to be looked at any more, as far as updates go."""
        if order.to_look_at in Look.values:
            order.to_look_at = ""
            order.save(update_fields=["to_look_at"])


def may_have_landed(call: Call) -> bool:
    """Whether a try that has ended may have been carried out, and was not found out since to be not done."""
    ended = call.attempts.filter(finished_at__isnull=False).order_by("-id")
    not_done = ended.filter(outcome=Attempt.Outcome.NOT_DONE).values_list("id", flat=True).first()
    return ended.filter(Attempt.MAY_HAVE_LANDED, id__gt=not_done or 0).exists()


def may_have_arrived(update: OrderUpdate) -> bool:
    """Whether Feishu may have an update that is not known to be delivered, or a request is on its way."""
    unsettled = {State.SENDING, State.IN_DOUBT, State.REFUSED, State.LEFT}
    if update.state not in unsettled or update.call is None:
        return False
    return update.call.lease_key is not None or may_have_landed(update.call)


def newest_known(updates: Sequence[AnUpdate]) -> AnUpdate | None:
    """Return the update that Feishu shows, of those of which a later one replaces an earlier one.

    ``updates`` are in their order. None while a later one may have replaced the last that was delivered.
    """
    for update in reversed(updates):
        if update.state == State.DELIVERED:
            return update
        if may_have_arrived(update):
            return None
    return None


def _end_as_done(call: Call | None, reason: str) -> None:
    """Also the call, if it still waits for somebody."""
    if call is None or call.state in Call.FINAL:
        return
    if outbox.can_be_marked_as_done(call):
        outbox.mark_as_done(call, by=None, reason=reason)
    else:
        outbox.cancel_call(call, by=None, reason=reason)


def waits_for_a_person(update: OrderUpdate) -> bool:
    """Whether nothing happens with it by itself any more, and nobody has settled it."""
    if update.state == State.REFUSED:
        return True
    ended = update.call is not None and update.call.state != Call.State.PENDING
    return update.state in {State.SENDING, State.IN_DOUBT} and ended
