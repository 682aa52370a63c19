"""Every list of fields that was pushed, as it was sent, and what became of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from bindings.fields.admin import form_picture
from bindings.models import CustomFieldPush
from hireops.desk.admin import MirrorAdmin
from hireops.desk.display import state_badge
from hireops.desk.waiting import Waiting
from hireops.outbox import reasons, registry
from hireops.outbox.models import Call
from hireops.outbox.watching import waiting_for

# What the state of the call means for the form that customers see, and what to do.
MEANINGS = {
    Call.State.PENDING: _(
        "The list is on its way to Feishu. Customers see the form of before until Feishu has accepted it. "
        "There is nothing to do: this page shows what becomes of it."
    ),
    Call.State.SUCCEEDED: _(
        "Feishu has accepted the list: whoever adds the account from now on sees this form. Accounts that "
        "were added before keep their values."
    ),
    Call.State.REFUSED: _(
        "Feishu has refused the list, so customers still see the form of before. If this is a custom app, "
        "the customer must first have added it in Feishu Hire under Settings > Ecosystem. Otherwise "
        "correct what the message below names, and push again."
    ),
    Call.State.WAITING: _(
        "hireops has stopped trying; it is not certain which form customers see. If this is a custom app, "
        "the customer must first have added it in Feishu Hire under Settings > Ecosystem. Then send the call "
        "again from its page, or push again, which takes its place."
    ),
    Call.State.SUPERSEDED: _("A newer push took the place of this one. What counts is the newer one."),
    Call.State.CANCELED: _("Somebody cancelled this push. Customers see the form of before."),
}


@admin.register(CustomFieldPush)
class CustomFieldPushAdmin(MirrorAdmin):
    help_page = "custom-fields#push"
    empty_list = _(
        "Every push of the account form to Feishu. Define custom fields, and push them from their list."
    )
    amounts = ["field_count", "added_count", "changed_count", "removed_count"]
    change_form_template = "admin/bindings/customfieldpush/change_form.html"
    list_display = [
        "number",
        "scope",
        "kind",
        "state",
        "created_at",
        "created_by",
        "field_count",
        "added_count",
        "changed_count",
        "removed_count",
        "tenant",
    ]
    list_filter = ["scope", "kind", "call__state", "created_at"]
    list_select_related = ["call", "created_by", "tenant"]
    fields = ["scope"]

    def title_of(self, obj: CustomFieldPush) -> str:
        return f"{capfirst(self.opts.verbose_name)} · {obj}"

    @admin.display(description=_("state"))
    def state(self, push: CustomFieldPush) -> SafeString:
        return state_badge(Call.State(push.call.state))

    @admin.display(description=_("fields"))
    def field_count(self, push: CustomFieldPush) -> int:
        return len(push.fields)

    @admin.display(description=_("added"))
    def added_count(self, push: CustomFieldPush) -> int:
        return len(push.added)

    @admin.display(description=_("changed"))
    def changed_count(self, push: CustomFieldPush) -> int:
        return len(push.changed)

    @admin.display(description=_("removed"))
    def removed_count(self, push: CustomFieldPush) -> int:
        return len(push.removed)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomFieldPush]:
        return (
            super()
            .get_queryset(request)
            .select_related("call", "call__superseded_by", "created_by", "tenant")
        )

    def page_context(self, request: HttpRequest, obj: CustomFieldPush) -> dict[str, Any]:
        return what_became_of(obj)

    def waiting(self, request: HttpRequest, obj: CustomFieldPush) -> Waiting:
        return waiting_for("", obj.call)


def what_became_of(push: CustomFieldPush) -> dict[str, Any]:
    """What the page of a push shows: its state in words, the tries, and the form as it was sent."""
    call, state = push.call, Call.State(push.call.state)
    return {
        "push": push,
        "call": call,
        "call_label": registry.label_of(call.operation),
        "badge": state_badge(state),
        "tone": state.tone,
        "meaning": MEANINGS[state],
        "reason": reasons.explain(call),
        "attempts": call.attempts.order_by("id"),
        "newer": CustomFieldPush.objects.filter(call=call.superseded_by).first()
        if call.superseded_by
        else None,
        "form_sent": form_picture.draw(push.form),
    }
