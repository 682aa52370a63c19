"""What staff can do to a row beyond editing it: a permission, a confirmation, a service.

::

    @staff_action(permission="outbox.resend_call", label=_("Send again"), confirm=_("These calls ..."))
    def resend(call: Call, *, by: User, reason: str) -> None:
        services.resend_call(call, by=by, reason=reason)

    class CallAdmin(MirrorAdmin):
        staff_actions = [resend]

The action is then in the list's menu and a button on the object's page, for those who have the permission.
The permission is checked again on every POST; the state is checked by the service, which raises ``Refused``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.pages import StaffPagesAdmin
from hireops.desk.performing import perform_on_each, result_messages
from hireops.desk.proof import page_that_asks
from hireops.desk.staff import Reader, staff

MOST_AT_ONCE = 500
OBJECTS_LISTED = 50


class Perform(Protocol):
    __name__: str

    def __call__(self, obj: Any, /, *, by: User, reason: str) -> object: ...


@dataclass(frozen=True, slots=True)
class StaffAction:
    name: str
    perform: Perform
    permission: str
    label: str | Promise
    confirm: str | Promise
    reason_required: bool
    dangerous: bool
    irreversible: bool
    offered: Callable[[Any], bool]
    template: str

    def is_open_to(self, reader: Reader) -> bool:
        return not self.permission or reader.has_perm(self.permission)


def staff_action(
    *,
    permission: str,
    label: str | Promise,
    confirm: str | Promise,
    reason_required: bool = False,
    dangerous: bool = False,
    irreversible: bool = False,
    offered: Callable[[Any], bool] = lambda obj: True,
    template: str = "admin/staff_action.html",
) -> Callable[[Perform], StaffAction]:
    """Turn ``function(obj, by=user, reason=text)`` into an action for ``StaffAdmin.staff_actions``.

    ``confirm`` says on the confirmation page, which is ``template``, what will happen. Before what is
    ``irreversible`` a person proves who they are (``hireops.desk.proof``). ``offered(obj)`` hides the button
    where the action makes no sense; it protects nothing, the service does.
    """

    def wrap(perform: Perform) -> StaffAction:
        return StaffAction(
            perform.__name__,
            perform,
            permission,
            label,
            confirm,
            reason_required,
            dangerous,
            irreversible,
            offered,
            template,
        )

    return wrap


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required


class StaffActionsAdmin(StaffPagesAdmin):
    """Puts ``staff_actions`` into the list's menu and on the object's page, and performs them."""

    staff_actions: Sequence[StaffAction] = ()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.staff_action_view)
        return [path("actions/<slug:name>/", view, name=self._url_name("staff_action")), *super().get_urls()]

    def offered_actions(self, request: HttpRequest, obj: Any) -> list[StaffAction]:
        """Those that the page of ``obj`` has buttons for."""
        return [action for action in self._open_actions(request) if action.offered(obj)]

    def named(self, obj: Any) -> str:
        """How an object is called where an action on several is to be confirmed."""
        return str(obj)

    def confirmation_context(self, action: StaffAction, objects: Sequence[Any]) -> dict[str, Any]:
        """For a template of the action's own."""
        return {}

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return super().get_actions(request) | {
            action.name: (self._menu_entry(action), action.name, action.label)
            for action in self._open_actions(request)
        }

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj")
        if obj is not None:
            context["staff_buttons"] = [
                {"action": action, "url": self._url("staff_action", action.name)}
                for action in self.offered_actions(request, obj)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def staff_action_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Asks for confirmation of an action on the objects that were sent along, then performs it."""
        action = next((action for action in self.staff_actions if action.name == name), None)
        if action is None:
            raise Http404(name)
        if request.method != "POST":  # a reload, or the language switch, on the confirmation page
            return HttpResponseRedirect(self._url("changelist"))
        if not (action.is_open_to(request.user) and self.has_view_permission(request)):
            raise PermissionDenied
        return self._confirm_or_perform(request, action, self._chosen(request))

    def _chosen(self, request: HttpRequest) -> list[Model]:
        try:
            ids = request.POST.getlist(ACTION_CHECKBOX_NAME)
            return list(self.get_queryset(request).filter(pk__in=ids)[: MOST_AT_ONCE + 1])
        except (ValueError, OverflowError, ValidationError) as error:
            raise BadRequest("not the ids of this model") from error

    def _confirm_or_perform(
        self, request: HttpRequest, action: StaffAction, objects: list[Model]
    ) -> HttpResponse:
        if action.irreversible and (page := page_that_asks(request)):
            return page
        back = self._back(request)
        if len(objects) > MOST_AT_ONCE:
            text = _("More than %(most)s objects were selected. Nothing was done: select fewer at a time.")
            self.message_user(request, text % {"most": MOST_AT_ONCE}, messages.ERROR)
            return HttpResponseRedirect(back)
        if not objects:
            text = _("The selected objects no longer exist. Nothing was done.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(back)
        confirmed = "confirmed" in request.POST
        form = ReasonForm(request.POST if confirmed else None, required=action.reason_required)
        if confirmed and form.is_valid():
            self._perform(request, action, objects, form.cleaned_data["reason"])
            return HttpResponseRedirect(back)
        return self._ask(request, action, objects, form, back)

    def _perform(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Model], reason: str
    ) -> None:
        by = staff(request)
        outcome = perform_on_each(lambda obj: action.perform(obj, by=by, reason=reason), objects)
        for level, text in result_messages(action.label, outcome):
            self.message_user(request, text, level)

    def _ask(
        self,
        request: HttpRequest,
        action: StaffAction,
        objects: list[Model],
        form: ReasonForm,
        back: str,
    ) -> HttpResponse:
        return self.render_page(
            request,
            action.template,
            title=action.label,
            action=action,
            action_url=self._url("staff_action", action.name),
            checkbox_name=ACTION_CHECKBOX_NAME,
            objects=objects,
            listed=[self.named(obj) for obj in objects[:OBJECTS_LISTED]],
            not_listed=max(len(objects) - OBJECTS_LISTED, 0),
            form=form,
            back=back,
            **self.confirmation_context(action, objects),
        )

    def _menu_entry(self, action: StaffAction) -> Callable[..., HttpResponse]:
        def confirm(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
            return self._confirm_or_perform(request, action, list(queryset[: MOST_AT_ONCE + 1]))

        return confirm

    def _open_actions(self, request: HttpRequest) -> list[StaffAction]:
        return [action for action in self.staff_actions if action.is_open_to(request.user)]

    def _back(self, request: HttpRequest) -> str:
        """Where the person came from: the list with its filters, or the object's page."""
        back = request.POST.get("back") or request.get_full_path()
        is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
        return back if is_ours else self._url("changelist")
