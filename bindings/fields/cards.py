"""What has not been pushed, on the home page."""

from django.urls import reverse
from django.utils.translation import gettext as _

from bindings.fields.pushes import preview_push
from bindings.models import CustomField, Scope
from hireops.desk.cards import Card
from hireops.desk.staff import Reader


def fields_not_pushed(reader: Reader) -> Card | None:
    """How many fields differ from the form that Feishu shows, with a link to them."""
    if not reader.has_perm("bindings.push_customfield"):
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
