"""What waits for staff today, on the home page."""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from django.utils.translation import gettext as _

from bindings.models import CustomField, EcoAccount, Scope
from bindings.services.pushes import preview_push
from hireops.database import now
from hireops.desk.cards import Card
from hireops.desk.paging import bounded_count

NEW_FOR = timedelta(days=7)
MOST_COUNTED = 1000


def accounts_bound(user: User | AnonymousUser) -> Card | None:
    if not user.has_perm("bindings.view_ecoaccount"):
        return None
    recent = EcoAccount.objects.filter(created_at__gte=now() - NEW_FOR)
    return Card(
        title=_("Accounts bound in the last 7 days"),
        value=bounded_count(recent, MOST_COUNTED),
        note=_("%(total)s in all") % {"total": bounded_count(EcoAccount.objects.all(), MOST_COUNTED)},
        url=reverse("admin:bindings_ecoaccount_changelist"),
    )


def fields_not_pushed(user: User | AnonymousUser) -> Card | None:
    """How many fields differ from the form that Feishu shows, with a link to them."""
    if not user.has_perm("bindings.view_customfield"):
        return None
    waiting = {scope: _differences(scope) for scope in Scope}
    url = reverse("admin:bindings_customfield_changelist")
    names = [str(scope.label) for scope, count in waiting.items() if count]
    return Card(
        title=_("Custom fields not yet pushed"),
        value=sum(waiting.values()),
        note=", ".join(names) if names else _("Feishu shows what is defined here."),
        url=url,
        tone="warn" if names else "ok",
    )


def _differences(scope: Scope) -> int:
    if not CustomField.objects.filter(scope=scope).exists():
        return 0
    plan = preview_push(scope).plan
    touched = [field.key for field in (*plan.added, *plan.removed)] + [
        each.after.key for each in plan.changed
    ]
    return len({*touched, *plan.moved})
