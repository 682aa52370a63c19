"""The fields of the customer's form, and the page that shows what a push does before it is sent."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.fields import history, pushes
from bindings.fields import services as fields
from bindings.fields.admin import form_picture
from bindings.fields.forms import CustomFieldForm, PositionForm, PushForm
from bindings.fields.plan import Kind, Plan
from bindings.models import CustomField, CustomFieldPush, MatchingRule, Scope
from hireops.desk.admin import StaffAdmin, staff_page
from hireops.desk.display import badge
from hireops.desk.errors import Refused
from hireops.desk.staff import staff
from hireops.doorbell import ring
from hireops.outbox.tasks import drain

PUSH = "bindings.push_customfield"
PUSH_TITLES = {
    Scope.BACKGROUND_CHECK: gettext_lazy("Push the background check form to Feishu"),
    Scope.EXAM: gettext_lazy("Push the written exam form to Feishu"),
}


TEXTS = {
    "intro": gettext_lazy(
        "Customers fill in this form when they add the account in Feishu Hire under Settings > Ecosystem. "
        "A push brings it to what is defined here. Nothing is sent before you confirm."
    ),
    "title_today": gettext_lazy("What customers see today"),
    "title_after": gettext_lazy("What they see after the push"),
    "empty_today": gettext_lazy("No form has been accepted by Feishu yet."),
    "empty_after": gettext_lazy("No field."),
}


STEPS = {
    Kind.REPLACE: gettext_lazy("The whole list is sent."),
    Kind.UPDATE: gettext_lazy(
        "Only names and hints are sent: no key can be burned by that. Accounts that were added already show "
        "the new texts, too; what customers filled in does not change."
    ),
    Kind.DELETE: gettext_lazy("The fields that leave the form are deleted by their keys, for ever."),
}


@admin.register(CustomField)
class CustomFieldAdmin(StaffAdmin):
    help_page = "custom-fields"
    empty_list = gettext_lazy(
        "What customers fill in when they add an account in Feishu Hire. Add fields, then push them "
        "to Feishu."
    )
    form = CustomFieldForm
    change_list_template = "admin/bindings/customfield/change_list.html"
    list_display = ["name_zh", "key", "scope", "required_in_words", "position"]
    list_editable = ["position"]
    list_filter = ["scope", "retired", "is_required"]
    search_fields = ["key", "name_zh", "name_en"]
    fieldsets = [
        (None, {"fields": ["scope", "key", "is_required", "position", "retired"]}),
        (
            gettext_lazy("What the customer reads"),
            {
                "fields": ["name_zh", "name_en", "description_zh", "description_en"],
            },
        ),
    ]

    # With the values of before.
    edits_are_audited_by_services = True

    # --- The list of fields

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        @cache  # once for the page, not once for each row
        def plan(scope: int) -> Plan:
            return pushes.preview_push(scope).plan

        @admin.display(description=_("at Feishu"))
        def compared(field: CustomField) -> SafeString:
            return compared_with_feishu(field, plan(field.scope))

        return [*super().get_list_display(request), compared]

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[PositionForm]:
        return PositionForm

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        titles = PUSH_TITLES.items() if request.user.has_perm(PUSH) else []
        return {"pushes": [(scope.value, title) for scope, title in titles]}

    @admin.display(description=gettext_lazy("required"), ordering="is_required")
    def required_in_words(self, field: CustomField) -> str:
        return _("required") if field.is_required else _("optional")

    # --- One field

    def get_readonly_fields(self, request: HttpRequest, obj: CustomField | None = None) -> list[str]:
        return ["scope", "key"] if obj and _has_been_pushed(request, obj) else []

    def save_model(self, request: HttpRequest, obj: CustomField, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            fields.add_custom_field(field=obj, by=staff(request))
            return
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        fields.change_custom_field(field=obj, values=values, by=staff(request))
        if values.get("retired"):
            self._warn_of_rules(request, obj)

    def _warn_of_rules(self, request: HttpRequest, field: CustomField) -> None:
        """Say which rules find nothing any more once the field has left the form."""
        rules = MatchingRule.objects.filter(scope=field.scope, key=field.key, enabled=True)
        if rules.exists():
            text = _(
                "Matching rules that are on read %(field)s. Once it has left the form they recognise no new "
                "account: %(rules)s"
            )
            listed = ", ".join(f"{rule} ({rule.get_kind_display()})" for rule in rules)
            self.message_user(request, text % {"field": field, "rules": listed}, messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: CustomField) -> None:
        fields.delete_custom_field(field=obj, by=staff(request))

    def has_delete_permission(self, request: HttpRequest, obj: CustomField | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (obj and _has_been_pushed(request, obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # would pass by the service, which knows what may go
        return actions

    # --- Push

    @staff_page("push/<int:scope>/", name="push", permission=PUSH)
    def push_view(self, request: HttpRequest, scope: int) -> HttpResponse:
        """Shows what a push of the scope would do; a POST confirms it."""
        if scope not in Scope.values:
            raise Http404
        if request.method != "POST":
            return self._push_page(request, scope)
        try:
            owed = pushes.push_custom_fields(
                by=staff(request),
                scope=scope,
                fingerprint=request.POST.get("fingerprint", ""),
                confirmed_removals=_typed_keys(request),
                whole="whole" in request.POST,
            )
        except pushes.RemovalsNotConfirmedError as reason:
            messages.error(request, str(reason))
            return self._push_page(request, scope, typed=request.POST)
        except Refused as reason:
            messages.error(request, str(reason))
            return self._push_page(request, scope)
        ring(drain)
        return HttpResponseRedirect(_where_to_watch(owed))

    def _push_page(self, request: HttpRequest, scope: int, typed: Any = None) -> HttpResponse:
        preview = pushes.preview_push(scope)
        return self.render_page(
            request,
            "admin/bindings/customfield/push.html",
            title=PUSH_TITLES[Scope(scope)],
            preview=preview,
            reasons=pushes.reasons_not_to_push(preview),
            counts=form_picture.summary(preview.plan),
            today=form_picture.draw_today(preview.plan),
            after=form_picture.draw_after(preview.plan),
            steps=[STEPS[step.kind] for step in preview.steps()],
            form=PushForm(typed, given_up=preview.given_up, initial={"fingerprint": preview.fingerprint}),
            **TEXTS,
        )


_pushed_keys: WeakKeyDictionary[HttpRequest, dict[int, frozenset[str]]] = WeakKeyDictionary()


def _has_been_pushed(request: HttpRequest, field: CustomField) -> bool:
    """Like ``fields.has_been_pushed``, for the admin, which asks many times while it makes one page."""
    known = _pushed_keys.setdefault(request, {})
    if field.scope not in known:
        known[field.scope] = history.read(field.scope).pushed_keys
    return field.key in known[field.scope]


def _typed_keys(request: HttpRequest) -> list[str]:
    return [str(typed).strip() for name, typed in request.POST.items() if name.startswith("removal_")]


def _where_to_watch(owed: Sequence[CustomFieldPush]) -> str:
    if len(owed) == 1:
        return reverse("admin:bindings_customfieldpush_change", args=[owed[0].pk])
    return reverse("admin:bindings_customfieldpush_changelist")


def compared_with_feishu(field: CustomField, plan: Plan) -> SafeString:
    """A badge that says how the definition differs from the form that customers see."""
    if field.key in {each.key for each in plan.removed}:
        return badge(_("Leaves the form at the next push"), "busy")
    if field.retired:
        return badge(_("Retired"))
    if field.key in {each.key for each in plan.added}:
        return badge(_("New, not pushed"), "busy")
    if field.key in {change.after.key for change in plan.changed}:
        return badge(_("Changed, not pushed"), "busy")
    if field.key in plan.moved:
        return badge(_("Moved, not pushed"), "busy")
    return badge(_("On the form"), "ok")
