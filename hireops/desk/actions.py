"""What staff can do to a row beyond editing it: a permission, a confirmation, a service.

::

    @staff_action(permission="outbox.resend_call", label=_("Send again"), confirm=_("These calls ..."))
    def resend(call: Call, *, by: User, reason: str) -> None:
        services.resend_call(call, by=by, reason=reason)

    class CallAdmin(MirrorAdmin):
        staff_actions = [resend]

The action is then in the list's menu and a button on the object's page, for those who have the permission.
The permission is checked again on every POST; the state is checked by the service, which raises ``Refused``.

The page on which it is confirmed shows the rows as a table, to which the admin class gives columns, amounts
and ages (``confirm_columns``, ``confirm_amounts``, ``waits_since``). Rows that can't take it now stand apart,
with why.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
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

from hireops.database import clock
from hireops.desk.confirming import (
    Amount,
    Column,
    age_column,
    button_text,
    part_of,
    reason_column,
    totals,
)
from hireops.desk.display import lines, linked
from hireops.desk.language import is_being_switched
from hireops.desk.pages import StaffPagesAdmin
from hireops.desk.performing import perform_on_each, result_messages
from hireops.desk.proof import page_that_asks
from hireops.desk.staff import Reader, staff

MOST_AT_ONCE = 500
LEFT_OUT = "left_out"  # rows that were chosen and can't take the action: shown again, never sent along
CONFIRM_FORM = "confirm"
REASON = gettext_lazy("Reason")


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
    why_not: Callable[[Any, User], str]
    counted: str | Promise
    names_sum: bool
    has_own_button: bool
    reason_label: str | Promise

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
    why_not: Callable[[Any, User], str] = lambda obj, by: "",
    counted: str | Promise = "",
    names_sum: bool = False,
    has_own_button: bool = False,
    reason_label: str | Promise = REASON,
) -> Callable[[Perform], StaffAction]:
    """Turn ``function(obj, by=user, reason=text)`` into an action for ``StaffAdmin.staff_actions``.

    ``confirm`` says on the confirmation page, which is ``template``, what will happen. Before what is
    ``irreversible`` a person proves who they are (``hireops.desk.proof``). ``offered(obj)`` hides the button
    where the action makes no sense, and sets the row apart on the confirmation page; so does a sentence of
    ``why_not(obj, by)``, which says what the service would. They protect nothing, the service does.

    ``counted`` is what the button of that page says, a plural with ``%(count)s``; ``names_sum`` adds the
    sums. An action that ``has_own_button`` on the object's page gets no other there. ``reason_label`` is what
    the text that goes with it is called.
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
            why_not,
            counted,
            names_sum,
            has_own_button,
            reason_label,
        )

    return wrap


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=1000,
        # Without the focus: on a phone a page would open at it, below what is to be read first.
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, required: bool, label: str | Promise = REASON, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required
        self.fields["reason"].label = str(label)


class StaffActionsAdmin(StaffPagesAdmin):
    """Puts ``staff_actions`` into the list's menu and on the object's page, and performs them."""

    staff_actions: Sequence[StaffAction] = ()
    # What a page is opened for: the first of these that is offered is its one button that stands out.
    primary_actions: Sequence[StaffAction] = ()

    def get_urls(self) -> list[URLPattern]:
        view: Any = self.admin_site.admin_view(self.staff_action_view)
        view.model_admin = self  # as Django says it of its own pages
        return [path("actions/<slug:name>/", view, name=self._url_name("staff_action")), *super().get_urls()]

    def offered_actions(self, request: HttpRequest, obj: Any) -> list[StaffAction]:
        """Those that the page of ``obj`` has buttons for."""
        return [
            action
            for action in self._open_actions(request)
            if self.is_offered(request, action, obj) and not action.has_own_button
        ]

    def is_offered(self, request: HttpRequest, action: StaffAction, obj: Any) -> bool:
        return action.offered(obj)

    # --- What is laid before who confirms

    def named(self, obj: Any) -> str:
        """How an object is called there, where no columns are declared."""
        return str(obj)

    def named_in_messages(self, obj: Any) -> str:
        """How one is called where it is told what became of it."""
        return self.named(obj)

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        """Who and what each row is; amounts and ages have columns of their own beside these.

        All of ``objects`` are given, so that what is shown of them can be fetched at once.
        """
        what = Column(self.opts.verbose_name, lambda obj: linked(obj, self.named(obj)))
        has_state = any(field.name == "state" for field in self.opts.fields)
        shown = getattr(self, "state_shown", None) if has_state else None
        return [what, Column(gettext_lazy("state"), shown)] if shown else [what]

    def confirm_amounts(self, action: StaffAction, obj: Any) -> Iterable[Amount]:
        """How much money the action on ``obj`` is about."""
        return ()

    def amount_in_words(self, kind: str, amount: Decimal) -> str:
        """“CNY 1,200.50”"""
        return f"{kind} {amount:,}"

    def kinds_in_order(self, kinds: Iterable[str]) -> list[str]:
        """Of amounts, as totals name them."""
        return sorted(kinds)

    def waits_since(self, obj: Any) -> datetime | None:
        """For rows that wait for what the actions do."""
        return None

    def fetch_for(self, action: StaffAction, objects: Sequence[Any]) -> None:
        """Before it is asked of each of ``objects`` whether it can take the action: fetch that at once."""

    def why_not(self, request: HttpRequest, action: StaffAction, obj: Any) -> str:
        """Why ``obj`` can't take the action now, as a sentence; "" if it can as far as is known."""
        if why := action.why_not(obj, staff(request)):
            return why
        return "" if self.is_offered(request, action, obj) else _not_as_it_is(obj)

    def figures_shown(self, action: StaffAction, obj: Any) -> str:
        """What of ``obj`` is confirmed with the action; the page is shown anew once that differs."""
        return ""

    def comes_first(self, action: StaffAction, obj: Any) -> bool:
        """Whether ``obj`` stands before the others, because something about it has to be looked at."""
        return False

    def confirmation_context(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> dict[str, Any]:
        """For a template of the action's own; ``objects`` are those that can take the action."""
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
            offered = self.offered_actions(request, obj)
            primary = next((action for action in self.primary_actions if action in offered), None)
            context["staff_buttons"] = [
                {
                    "action": action,
                    "url": self._url("staff_action", action.name),
                    "is_primary": action is primary,
                }
                for action in offered
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def staff_action_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Asks for confirmation of an action on the objects that were sent along, then performs it."""
        action = next((action for action in self.staff_actions if action.name == name), None)
        if action is None:
            raise Http404(name)
        if request.method != "POST":
            return HttpResponseRedirect(self._url("changelist"))
        if not (action.is_open_to(request.user) and self.has_view_permission(request)):
            raise PermissionDenied
        fields = [ACTION_CHECKBOX_NAME] if _is_confirmed(request) else [ACTION_CHECKBOX_NAME, LEFT_OUT]
        return self._confirm_or_perform(request, action, self._chosen(request, *fields))

    def _chosen(self, request: HttpRequest, *fields: str) -> list[Model]:
        try:
            ids = [pk for field in fields for pk in request.POST.getlist(field)]
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
        confirmed = _is_confirmed(request)
        typed = {"reason": request.POST.get("reason", "")}
        form = ReasonForm(
            request.POST if confirmed else None,
            initial=typed,
            required=action.reason_required,
            label=action.reason_label,
        )
        if confirmed and form.is_valid():
            reason = form.cleaned_data["reason"]
            if self._are_as_shown(request, action, objects) and self._perform(
                request, action, objects, reason
            ):
                return HttpResponseRedirect(back)
        if confirmed:
            objects = self._chosen(request, ACTION_CHECKBOX_NAME, LEFT_OUT)
        return self._ask(request, action, objects, form, back)

    def _are_as_shown(self, request: HttpRequest, action: StaffAction, objects: Sequence[Model]) -> bool:
        self.fetch_for(action, objects)
        try:
            shown = dict(json.loads(request.POST.get("figures", "{}")))
        except (TypeError, ValueError) as error:
            raise BadRequest("not the figures of this page") from error
        changed = (obj for obj in objects if self.figures_shown(action, obj) != shown.get(str(obj.pk), ""))
        if all(self.why_not(request, action, obj) for obj in changed):  # the service refuses those
            return True
        text = _(
            "What is to be confirmed has changed since this page was shown, so nothing was done. Look again."
        )
        self.message_user(request, text, messages.ERROR)
        return False

    def _figures(self, action: StaffAction, objects: Sequence[Model]) -> dict[str, str]:
        figures = {str(obj.pk): self.figures_shown(action, obj) for obj in objects}
        return {pk: text for pk, text in figures.items() if text}

    def _perform(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Model], reason: str
    ) -> bool:
        """Whether the page is done with: not if all were refused, so that what was typed is kept."""
        by = staff(request)
        amounts = self._amounts_of(request, action, objects) if action.names_sum else {}
        outcome = perform_on_each(lambda obj: action.perform(obj, by=by, reason=reason), objects)
        sums = self._in_words(totals(amount for obj in outcome.done for amount in amounts.get(obj.pk, ())))
        for level, text in result_messages(action.label, outcome, name=self.named_in_messages, sums=sums):
            self.message_user(request, text, level)
        return bool(outcome.done or outcome.failed)

    def _amounts_of(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Model]
    ) -> dict[Any, list[Amount]]:
        self.confirm_columns(request, action, objects)  # which may fetch what the amounts need
        return {obj.pk: list(self.confirm_amounts(action, obj)) for obj in objects}

    def _ask(
        self,
        request: HttpRequest,
        action: StaffAction,
        objects: list[Model],
        form: ReasonForm,
        back: str,
    ) -> HttpResponse:
        self.fetch_for(action, objects)
        reasons = [(obj, self.why_not(request, action, obj)) for obj in objects]
        fit = [obj for obj, why in reasons if not why]
        fit.sort(key=lambda obj: not self.comes_first(action, obj))
        apart = [(obj, why) for obj, why in reasons if why]
        return self.render_page(
            request,
            action.template,
            title=action.label,
            action=action,
            action_url=self._url("staff_action", action.name),
            checkbox_name=ACTION_CHECKBOX_NAME,
            objects=fit,
            left_out=[obj for obj, _why in apart],
            figures=json.dumps(self._figures(action, fit)),
            form=form,
            form_sent_again=CONFIRM_FORM,
            back=back,
            **self._laid_before(request, action, fit, apart),
            **(self.confirmation_context(request, action, fit) if fit else {}),
        )

    def _laid_before(
        self,
        request: HttpRequest,
        action: StaffAction,
        fit: Sequence[Model],
        apart: Sequence[tuple[Model, str]],
    ) -> dict[str, Any]:
        """The rows that can take the action with their totals, those that can't with why, and the button."""
        others = [obj for obj, _why in apart]
        chosen = [*fit, *others]
        columns = self.confirm_columns(request, action, chosen)  # which may fetch what the amounts need
        amounts = {obj.pk: list(self.confirm_amounts(action, obj)) for obj in chosen}
        if any(amounts.values()):

            def in_words(obj: Model) -> str:
                return lines(self._in_words(totals(amounts[obj.pk]))) or "–"

            columns.append(Column(gettext_lazy("amount"), in_words, is_number=True))
        if any(self.waits_since(obj) for obj in chosen):
            columns.append(age_column(self.waits_since, clock.now()))
        sums = self._in_words(totals(amount for obj in fit for amount in amounts[obj.pk]))
        said = sums if action.names_sum else []
        return {
            "fit": part_of(columns, fit),
            "apart": part_of([*columns, reason_column(apart)], others),
            "sums": sums,
            "button": button_text(action.label, action.counted, len(fit), said),
        }

    def _in_words(self, sums: dict[str, Decimal]) -> list[str]:
        return [self.amount_in_words(kind, sums[kind]) for kind in self.kinds_in_order(sums)]

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


def _is_confirmed(request: HttpRequest) -> bool:
    return "confirmed" in request.POST and not is_being_switched(request)


def _not_as_it_is(obj: Any) -> str:
    if hasattr(obj, "get_state_display"):
        return _("Not while it is “%(state)s”.") % {"state": obj.get_state_display()}
    return _("Not as it is now.")
