"""Every road to an order form that was taken, as it was sent, and what became of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bindings.fields.admin import form_picture
from bindings.models import OrderFormPush
from bindings.order_forms.texts import reasons
from hireops.desk.admin import MirrorAdmin
from hireops.desk.display import state_badge
from hireops.desk.waiting import Waiting
from hireops.outbox import reasons as call_reasons
from hireops.outbox import registry
from hireops.outbox.models import Call
from hireops.outbox.watching import waiting_for


@admin.register(OrderFormPush)
class OrderFormPushAdmin(MirrorAdmin):
    help_page = "order-forms#push"
    empty_list = _("Every push of an order form to Feishu. It begins on the page of a form or of an account.")
    change_form_template = "admin/bindings/orderformpush/change_form.html"
    list_display = ["number", "account", "form", "road", "state", "created_at", "created_by"]
    list_filter = ["road", "created_at"]
    list_select_related = ["account", "form", "deletion", "sending", "created_by"]
    linked_by = ["account"]
    fields = ["road"]

    @admin.display(description=_("state"))
    def state(self, push: OrderFormPush) -> SafeString:
        return state_badge(Call.State(push.calls[-1].state))

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderFormPush]:
        return (
            super()
            .get_queryset(request)
            .select_related("account", "form", "deletion", "sending", "created_by", "instead_of")
        )

    def page_context(self, request: HttpRequest, obj: OrderFormPush) -> dict[str, Any]:
        calls = [_told(call) for call in obj.calls]
        return {
            "push": obj,
            "why": reasons(obj.why),
            "calls": calls,
            "followed_by": OrderFormPush.objects.filter(instead_of=obj).first(),
            "form_sent": form_picture.draw(obj.sent),
        }

    def waiting(self, request: HttpRequest, obj: OrderFormPush) -> Waiting:
        return waiting_for("", *obj.calls)


def _told(call: Call) -> dict[str, Any]:
    return {
        "call": call,
        "label": registry.label_of(call.operation),
        "badge": state_badge(Call.State(call.state)),
        "reason": call_reasons.explain(call),
        "attempts": call.attempts.order_by("id"),
    }
