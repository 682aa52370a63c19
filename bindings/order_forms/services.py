"""Defining order forms, and choosing one for accounts."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.models import EcoAccount, OrderForm, OrderFormField, Scope
from bindings.order_forms import standings
from bindings.order_forms.models import digest_of
from bindings.order_forms.ready_made import READY_MADE
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.jobs import services as jobs
from hireops.jobs.models import Job

PUSH_TO_ALL = "bindings.push_order_form"
STEP = 10


def lock_form(form: OrderForm) -> OrderForm:
    """Whoever edits a form holds its row. Raises ``Refused`` while the form is being pushed to its accounts,
    so that all of them get the form that a person has looked at."""
    now = OrderForm.objects.select_for_update().get(pk=form.pk)
    if Job.objects.running().about(form).filter(kind=PUSH_TO_ALL).exists():
        raise Refused(
            _("This form is being pushed to its accounts. Change it when that is done, or cancel that first.")
        )
    return now


def note_edit(form: OrderForm) -> None:
    """After its fields were written: their places, and what its accounts are compared with."""
    for number, field in enumerate(form.fields.order_by("position", "pk"), start=1):
        if field.position != STEP * number:
            field.position = STEP * number
            field.save(update_fields=["position"])
    form.digest = digest_of(form.as_planned())
    form.updated_at = clock.now()
    form.save(update_fields=["digest", "updated_at"])


def start_with(form: OrderForm, ready_made: str) -> None:
    """Give a new form the fields of one that is ready made."""
    _label, fields = READY_MADE[ready_made]
    OrderFormField.objects.bulk_create(
        OrderFormField(form=form, position=STEP * number, **values)
        for number, values in enumerate(fields, start=1)
    )


def new_base_key(type_: str) -> str:
    """A key of a field for which nobody has chosen one: never the same twice, whatever form it is in."""
    return f"{type_}_{get_random_string(6, 'abcdefghjkmnpqrstuvwxyz23456789')}"


def choose_form(accounts: Collection[EcoAccount], *, form: OrderForm | None, by: User) -> int:
    """From now on these accounts are to have this form (None: no form). Nothing is sent; how many changed."""
    if wrong := [account for account in accounts if account.scope != Scope.BACKGROUND_CHECK]:
        raise Refused(
            _("%(account)s is no account for background checks, so it has no order form.")
            % {"account": wrong[0]}
        )
    if form and form.archived:
        raise Refused(_("%(form)s is archived. Take it out of the archive first.") % {"form": form})
    changed = 0
    with transaction.atomic():
        for account in sorted(accounts, key=lambda each: each.pk):
            row = standings.locked(account.pk)
            if row.form == form:
                continue
            before, row.form, row.updated_at = row.form, form, clock.now()
            row.save(update_fields=["form", "updated_at"])
            names = [before.name if before else "", form.name if form else ""]
            audit.record(by=by, action=gettext_noop("order form chosen"), on=account, form=names)
            changed += 1
    return changed


def push_to_all(form: OrderForm, *, by: User, digest: str) -> Job:
    """Bring every account of the form that is out of date up to date, as long work.

    ``digest`` is that of the form that a person has looked at. Raises ``Refused``.
    """
    with transaction.atomic():
        now = lock_form(form)
        if now.digest != digest:
            raise Refused(
                _("Nothing was sent: the form changed after this page was opened. Look at it again.")
            )
        audit.record(by=by, action=gettext_noop("order form pushed to all accounts"), on=form)
        return jobs.start(PUSH_TO_ALL, about=form, by=by)
