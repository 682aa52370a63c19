"""Bringing the order form of an account up to date: what it would do, and owing it."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from bindings.fields.plan import Plan as Difference
from bindings.fields.plan import plan_push
from bindings.models import AccountOrderForm, EcoAccount, OrderForm, OrderFormPush, Scope
from bindings.order_forms import history, sending, standings
from bindings.order_forms.history import Told
from bindings.order_forms.plan import NOTHING, Form, Known, Plan, Road, plan, problems
from hireops.desk.errors import Refused


@dataclass(frozen=True, slots=True)
class Preview:
    """What a push to this account would do now. ``today`` is the form as last confirmed; if ``known`` says
    that it is in doubt, it may be another one."""

    account: EcoAccount
    form: OrderForm | None
    known: Known
    today: Form
    wish: Form
    plan: Plan
    difference: Difference
    open_push: OrderFormPush | None
    fingerprint: str

    @property
    def in_doubt(self) -> bool:
        return self.known.certain is None


def preview(row: AccountOrderForm, *, anew: bool = False) -> Preview:
    """``anew``: the form is to be deleted and created, whatever hireops knows of it."""
    wish = row.form.as_planned() if row.form else NOTHING
    return _preview(row, wish, history.calls_of(row.account_id), anew=anew)


def _preview(row: AccountOrderForm, wish: Form, told: Sequence[Told], *, anew: bool = False) -> Preview:
    known, today = history.known_from(told), standings.confirmed(told)
    road = plan(known, wish, anew=anew)
    newest = history.newest(told)
    return Preview(
        account=row.account,
        form=row.form,
        known=known,
        today=today,
        wish=wish,
        plan=road,
        difference=plan_push(today, wish, frozenset()),
        open_push=newest if any(each.call.state in history.OPEN for each in told) else None,
        fingerprint=_fingerprint(road, today, newest),
    )


def _fingerprint(road: Plan, today: Form, newest: OrderFormPush | None) -> str:
    """Equal exactly as long as a push would do the same, and nobody else has pushed."""
    seen = {
        "road": road.road,
        "sent": [field.as_sent() for field in road.form],
        "today": [field.as_sent() for field in today],
        "newest": newest.pk if newest else None,
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def push(account: EcoAccount, *, by: User | None, fingerprint: str = "", anew: bool = False) -> OrderFormPush:
    """Have Feishu show the account's form as it is defined now. Older calls that are still owed are ended.

    ``fingerprint`` is that of the ``Preview`` which a person has looked at; "" if none has been shown for
    this account alone. Raises ``Refused``; then nothing is owed.
    """
    with transaction.atomic():
        row = standings.locked(account.pk)
        if row.form:
            OrderForm.objects.select_for_update().get(pk=row.form.pk)  # nobody edits it meanwhile
        seen = preview(row, anew=anew)
        if fingerprint and seen.fingerprint != fingerprint:
            raise Refused(
                _(
                    "Nothing was sent: the form, or what Feishu has of it, changed after this page was "
                    "opened. Look at the new difference below and confirm again."
                )
            )
        if reasons := reasons_not_to_push(seen):
            raise Refused(" ".join(reasons))
        if seen.open_push:
            sending.end_open_calls(account)
            seen = preview(row, anew=anew)  # what was never sent is known now
        if seen.plan.road is Road.NONE:
            standings.refresh(row)
            raise Refused(_("Nothing was sent: Feishu has just this form."))
        pushed = sending.owe(seen.plan, account=account, form=row.form, by=by)
        standings.refresh(row)
        return pushed


def reasons_not_to_push(seen: Preview) -> list[str]:
    """Why this can't be pushed, each as a sentence for staff. Empty if it can."""
    reasons = form_problems(seen.wish)
    if seen.account.scope != Scope.BACKGROUND_CHECK:
        reasons.append(_("Only accounts for background checks have an order form."))
    return reasons


def form_problems(wish: Form) -> list[str]:
    """What keeps a form from being sent, each as a sentence for staff."""
    texts = {
        "no_chinese_name": _("The field %(key)s has no Chinese name. Customers need one."),
        "no_options": _("The field %(key)s is a choice and has no options. Add at least one."),
    }
    return [texts[what] % {"key": key} for key, what in problems(wish)]


# --- All accounts of a form


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts with the same form of today that need the same road."""

    road: Road
    preview: Preview
    accounts: Sequence[EcoAccount]


def groups(rows: Iterable[AccountOrderForm], wish: Form) -> list[Group]:
    """What pushes to these accounts would do, the same difference once, most accounts first."""
    rows = list(rows)
    told: dict[int, list[Told]] = defaultdict(list)
    for each in history.calls_of_all([row.account_id for row in rows]):
        told[each.push.account_id].append(each)
    found: dict[tuple[Road, Form], list[Preview]] = defaultdict(list)
    for row in rows:
        seen = _preview(row, wish, told[row.account_id])
        found[seen.plan.road, seen.today].append(seen)
    made = [Group(road, seen[0], [each.account for each in seen]) for (road, _form), seen in found.items()]
    return sorted(made, key=lambda group: -len(group.accounts))
