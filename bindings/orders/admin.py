"""What the pages of background checks and exams have in common about promised dates."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bindings.models import Order, PromiseChange, Turn
from bindings.orders import promises
from bindings.orders.promise_section import change_right, promised_shown
from bindings.workdays import services as workdays
from hireops.contacts import mask
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.confirming import Column, linked_shortly
from hireops.desk.display import linked
from hireops.desk.errors import Refused
from hireops.desk.exporting import AT_THE_END, Exported
from hireops.desk.staff import staff

FORM = "admin/bindings/order/promise.html"


class PromiseFilter(admin.SimpleListFilter):
    title = _("late or in time")
    parameter_name = promises.FILTER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (promises.IS_LATE, _("Late")),
            (promises.WAS_LATE, _("Late, or ended late")),
            ("ours", _("Late, and our turn")),
            ("today", _("Promised for today")),
            ("provisional", _("Provisional")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case promises.IS_LATE:
                return queryset.filter(promises.late())
            case promises.WAS_LATE:
                return queryset.filter(promises.was_late())
            case "ours":
                return queryset.filter(promises.late(), turn=Turn.VENDOR)
            case "today":
                return queryset.filter(ended_at=None, promised_on=workdays.today())
            case "provisional":
                return queryset.filter(ended_at=None, promised_on__isnull=False, promise_is_provisional=True)
        return queryset


class PromiseForm(forms.Form):
    to = forms.DateField(
        label=_("Promised for"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    cause = forms.ChoiceField(label=_("Cause"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept with the order. Feishu is told nothing of it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["cause"]
        field.choices = [(cause.value, cause.label) for cause in PromiseChange.BY_HAND]


class PromisedAdmin(MirrorAdmin):
    """Of rows that are an ``Order``: moving the promised date, for who may change them."""

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        return {
            "candidate": [
                Exported(gettext("candidate"), lambda order: order.candidate_name, personal=True),
                Exported(gettext("mobile number"), lambda order: order.candidate_mobile, personal=True),
                Exported(gettext("email"), lambda order: order.candidate_email, personal=True),
            ],
            "promised": [Exported(gettext("promised for"), lambda order: order.promised_on)],
            AT_THE_END: [
                Exported(gettext("ended"), lambda order: order.ended_at),
                Exported(gettext("responsible"), lambda order: order.responsible),
            ],
        }

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("candidate"), lambda order: mask(order.candidate_name) or "–"),
            Column(self.opts.verbose_name, lambda order: linked_shortly(order, str(order))),
            Column(_("customer"), lambda order: linked(order.customer)),
            Column(_("state"), self.state_shown),
        ]

    def whose(self, obj: Order) -> str:
        return obj.candidate_name

    def waits_since(self, obj: Order) -> datetime | None:
        return obj.received_at if obj.ended_at is None else None

    @staff_page("<int:pk>/promise/", name="promise")
    def promise_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        order: Order | None = self.get_object(request, str(pk))
        if order is None or not request.user.has_perm(change_right(order)):
            raise Http404
        page = self._url("change", pk)
        form = PromiseForm(request.POST or None, initial={"to": order.promised_on})
        if request.method == "POST" and form.is_valid():
            try:
                promises.move(order, by=staff(request), **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, gettext("The promised date has moved."))
                return HttpResponseRedirect(page)
        return self.render_form(
            request,
            FORM,
            title=_("Move the promised date"),
            form=form,
            order=order,
            back=page,
            promised=promised_shown(order),
        )
