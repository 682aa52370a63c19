"""The rules by which accounts find their customer: ordered, tried before they are on, switched on and off."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext_lazy

from bindings.matching.admin.forms import RuleForm, fields_to_read
from bindings.matching.admin.running import run_again
from bindings.matching.trying import LAST, try_rule
from bindings.models import MatchingRule
from hireops.desk import audit
from hireops.desk.actions import StaffAction
from hireops.desk.admin import StaffAdmin, staff_action, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked
from hireops.desk.errors import Refused
from hireops.desk.staff import staff

CHANGE = "bindings.change_matchingrule"
SHOWN_OF_A_GROUP = 50


@staff_action(
    permission=CHANGE,
    label=gettext_lazy("Switch on"),
    confirm=gettext_lazy(
        "From now on these rules are asked about each account that arrives. Those that wait already are "
        "looked at again when you press “Look at the queue again”."
    ),
    offered=lambda rule: not rule.enabled,
    counted=ngettext_lazy("Switch %(count)s rule on", "Switch %(count)s rules on", "count"),
)
def switch_on(rule: MatchingRule, *, by: User, reason: str) -> None:
    _switch(rule, gettext_noop("rule switched on"), enabled=True, by=by, reason=reason)


@staff_action(
    permission=CHANGE,
    label=gettext_lazy("Switch off"),
    confirm=gettext_lazy("These rules are not asked any more. What they have bound stays bound."),
    offered=lambda rule: rule.enabled,
    counted=ngettext_lazy("Switch %(count)s rule off", "Switch %(count)s rules off", "count"),
)
def switch_off(rule: MatchingRule, *, by: User, reason: str) -> None:
    _switch(rule, gettext_noop("rule switched off"), enabled=False, by=by, reason=reason)


def _switch(rule: MatchingRule, action: str, *, enabled: bool, by: User, reason: str) -> None:
    if not MatchingRule.objects.filter(pk=rule.pk, enabled=not enabled).update(enabled=enabled):
        text = _("This rule is on already.") if enabled else _("This rule is off already.")
        raise Refused(text)
    audit.record(by=by, action=action, on=rule, reason=reason)


@admin.register(MatchingRule)
class MatchingRuleAdmin(StaffAdmin):
    help_page = "binding#rules"
    empty_list = gettext_lazy(
        "A rule says by which field of the form it is recognised whose an account is. Without any, "
        "every account waits for a person."
    )
    change_list_template = "admin/bindings/matchingrule/change_list.html"
    change_form_template = "admin/bindings/matchingrule/change_form.html"
    form = RuleForm
    fields = ["read", "kind", "position", "proposes_only"]
    list_display = ["field_read", "scope", "kind", "position", "proposes_shown", "state_shown"]
    list_display_links = ["field_read"]
    list_editable = ["position"]
    list_filter = ["scope", "enabled"]
    sortable_by = ()
    ordering = ["scope", "position", "id"]
    staff_actions = [switch_on, switch_off]

    class Media:
        css = {"all": ["bindings/matching.css"]}

    @admin.display(description=gettext_lazy("field"))
    def field_read(self, rule: MatchingRule) -> str:
        wanted = f"{rule.scope}:{rule.key}"
        names = {value: name for _form, fields in fields_to_read(rule) for value, name in fields}
        return names.get(wanted, rule.key)

    @admin.display(description=gettext_lazy("binds"))
    def proposes_shown(self, rule: MatchingRule) -> str:
        if rule.kind == MatchingRule.Kind.BINDING_CODE or not rule.proposes_only:
            return _("alone")
        return _("alone where the tenant is known, else it proposes")

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, rule: MatchingRule) -> SafeString:
        return badge(_("Rule on"), "ok") if rule.enabled else badge(_("Rule off"))

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(self.opts.verbose_name, linked),
            Column(gettext_lazy("binds"), self.proposes_shown),
            Column(gettext_lazy("state"), self.state_shown),
        ]

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"may_run": request.user.has_perm("bindings.bind_ecoaccount"), "run_url": self._url("run")}

    def page_context(self, request: HttpRequest, obj: MatchingRule) -> dict[str, Any]:
        return {"try_url": self._url("try", obj.pk)}

    def has_delete_permission(self, request: HttpRequest, obj: MatchingRule | None = None) -> bool:
        return False  # what it has bound names it as the reason; it is switched off

    def save_model(self, request: HttpRequest, obj: MatchingRule, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            obj.enabled = False  # tried first
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: MatchingRule, *args: Any) -> HttpResponse:
        self.message_user(request, _("The rule is kept and still off. This is what it would do."))
        return HttpResponseRedirect(self._url("try", obj.pk))

    def audit_details(self, request: HttpRequest, action: str, obj: Any) -> dict[str, Any]:
        names = ("scope", "key", "kind", "position", "proposes_only", "enabled")
        return {name: getattr(obj, name) for name in names}

    # --- Trying

    @staff_page("<int:rule>/try/", name="try")
    def try_view(self, request: HttpRequest, rule: int) -> HttpResponse:
        """What the rule, with those that are on, would do with the last accounts."""
        tried = MatchingRule.objects.filter(pk=rule).first()
        if tried is None:
            raise Http404
        trial = try_rule(tried)
        groups = [
            (_("Would be bound"), "ok", trial.bound),
            (_("Would be proposed, and wait for a person"), "busy", trial.proposed),
            (_("Name several customers, and wait for a person"), "warn", trial.several),
            (_("Name nobody"), "quiet", trial.nobody),
        ]
        return self.render_page(
            request,
            "admin/bindings/matchingrule/try.html",
            title=_("Try this rule"),
            rule=tried,
            name=self.field_read(tried),
            state=self.state_shown(tried),
            trial=trial,
            counts=[(title, tone, len(found)) for title, tone, found in groups],
            groups=[(title, found[:SHOWN_OF_A_GROUP], len(found)) for title, _tone, found in groups[:3]],
            otherwise=trial.otherwise[:SHOWN_OF_A_GROUP],
            most=LAST,
            may_switch=request.user.has_perm(CHANGE) and not tried.enabled,
            switch_url=self._url("staff_action", switch_on.name),
        )

    @staff_page("run/", name="run", permission="bindings.bind_ecoaccount")
    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Looks at all that wait once more, by the rules that are on."""
        if request.method == "POST":
            try:
                self.message_user(request, run_again(staff(request)))
            except Refused as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(self._url("changelist"))
