"""What staff see of the calls to Feishu."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from hireops.desk.actions import StaffAction
from hireops.desk.admin import ConfidentialAdmin, MirrorAdmin, staff_action
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked, pretty_json, state_badge
from hireops.desk.finding import number
from hireops.desk.inlines import MirrorInline
from hireops.desk.ownership import Seen
from hireops.desk.staff import Reader
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.feishu.models import Tenant
from hireops.outbox import registry, services, tasks
from hireops.outbox.models import Attempt, Call, Channel
from hireops.outbox.reasons import explain, explain_delay, message_shown
from hireops.outbox.watching import waiting_for


@staff_action(
    permission="outbox.resend_call",
    label=_("Send again"),
    confirm=_(
        "These calls are sent to Feishu once more, now, exactly as they are. Where nobody knows whether "
        "Feishu has done it already, look there first: sending it again could do it twice."
    ),
    reason_required=True,
    dangerous=True,
    offered=lambda call: call.state in services.RESENDABLE and not registry.kept_by_app(call.operation),
    counted=ngettext_lazy("Send %(count)s call again", "Send %(count)s calls again", "count"),
)
def resend(call: Call, *, by: User, reason: str) -> None:
    services.resend_call(call, by=by, reason=reason)
    ring(tasks.drain)


@staff_action(
    permission="outbox.cancel_call",
    label=_("Cancel the call"),
    confirm=_(
        "These calls are given up and never sent to Feishu. What they were to change there stays as it is; "
        "it can be asked for again where it came from."
    ),
    reason_required=True,
    dangerous=True,
    offered=services.may_be_cancelled,
    counted=ngettext_lazy("Cancel %(count)s call", "Cancel %(count)s calls", "count"),
)
def cancel(call: Call, *, by: User, reason: str) -> None:
    services.cancel_call(call, by=by, reason=reason)


@staff_action(
    permission="outbox.resolve_call",
    label=_("It was done"),
    confirm=_(
        "You have looked in Feishu and seen that these calls were done, although no clear answer came. They "
        "end as done and are never sent again. If one was not done after all, it has to be asked for anew."
    ),
    reason_required=True,
    dangerous=True,
    irreversible=True,
    offered=services.may_be_marked_as_done,
    counted=ngettext_lazy("%(count)s call was done", "%(count)s calls were done", "count"),
)
def mark_as_done(call: Call, *, by: User, reason: str) -> None:
    services.mark_as_done(call, by=by, reason=reason)
    ring(tasks.drain)


class OperationFilter(admin.SimpleListFilter):
    title = _("operation")
    parameter_name = "operation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = registry.seen_by(request.user)
        return [(name, label) for name, label in registry.labels() if name in seen]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        return queryset.filter(operation=self.value()) if self.value() else queryset


class CallAttemptInline(MirrorInline):
    model = Attempt
    fields: ClassVar[tuple[str, ...]] = (
        "started_at",
        "duration_ms",
        "outcome_shown",
        "http_status",
        "code",
        "message_shown",
        "log_id",
        "exchange_shown",
    )

    @admin.display(description=_("outcome"))
    def outcome_shown(self, attempt: Attempt) -> SafeString:
        shown = (
            state_badge(Attempt.Outcome(attempt.outcome)) if attempt.outcome else badge(_("Running"), "busy")
        )
        return format_html("{} {}", shown, _("(finding out)")) if attempt.resolving else shown

    @admin.display(description=_("message"), empty_value="–")
    def message_shown(self, attempt: Attempt) -> str:
        return message_shown(attempt.message)

    @admin.display(description=_("sent and answered"))
    def exchange_shown(self, attempt: Attempt) -> str:
        said = ((_("Sent"), attempt.request), (_("Answered"), attempt.response))
        return format_html_join(
            "",
            "<details><summary>{}</summary>{}</details>",
            ((title, pretty_json(value)) for title, value in said if value is not None),
        )


class BareCallAttemptInline(CallAttemptInline):
    """For who may not see what the call is about: Feishu's messages may quote it."""

    fields = ("started_at", "duration_ms", "outcome_shown", "http_status", "code", "log_id")


# All that those see of a call who may not see what it is about.
BARE_FIELDS = (
    "operation_shown",
    "tenant",
    "state_shown",
    "delay",
    "created_at",
    "not_before",
    "finished_at",
    "trimmed_at",
    "tries",
    "error_code",
    "log_id",
    "not_shown",
)


def _found(term: str, reader: Reader) -> QuerySet[Any, Any]:
    """The calls with that target or log ID; by a target that ``reader`` may not see, none is found."""
    calls = Call.objects.order_by()
    by_target = calls.filter(registry.seen_by(reader).among("operation"), target=term)
    # A query for each, so that each uses its index.
    return by_target.values("pk").union(calls.filter(attempts__log_id=term).values("pk"))


@admin.register(Call)
class CallAdmin(ConfidentialAdmin):
    help_page = "calls"
    empty_list = _("Every call to Feishu, with what was sent and answered. None has been needed yet.")
    ids = ["target", "log_id"]
    list_display = (
        "operation_shown",
        "target",
        "tenant",
        "state_shown",
        "tries",
        "error_code",
        "log_id",
        "created_at",
    )
    list_filter = ("state", OperationFilter, "tenant", "created_at")
    sortable_by = ("created_at",)
    list_select_related = ("tenant",)
    exact_search_fields = ("target", "attempts__log_id")  # how they are searched is decided in _found
    search_help_text = _("Target, log ID, operation, or the tenant's name or key, in full")
    found_by = {"attempts__log_id": str, "pk": number}
    found_by_words = _("Log ID of an attempt, in full; number such as #41")
    about = "target"
    kind = "operation"
    ordering = ("-id",)
    ordered_within_days_by = "created_at"
    inlines = [CallAttemptInline]
    staff_actions = [resend, cancel, mark_as_done]
    fieldsets = [
        (
            None,
            {
                "fields": (
                    "operation_shown",
                    "target",
                    "tenant",
                    "state_shown",
                    "what_it_means",
                    "delay",
                    "causes",
                    "created_by",
                    "created_at",
                    "not_before",
                    "finished_at",
                    "trimmed_at",
                    "tries",
                    "superseded_by_shown",
                    "error_code",
                    "error_message_shown",
                    "log_id",
                )
            },
        ),
        (_("Content"), {"fields": ("payload_shown", "answer_shown")}),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        """Whole values only. Of an operation or a tenant there may be millions: these narrow the list."""
        term = search_term.strip()
        if operations := [name for name, label in registry.labels() if term in {name, label}]:
            return queryset.filter(operation__in=operations), False
        if tenants := list(Tenant.objects.filter(Q(tenant_key=term) | Q(name=term)) if term else ()):
            return queryset.filter(tenant__in=tenants), False
        return (queryset.filter(pk__in=_found(term, request.user)) if term else queryset), False

    def title_of(self, obj: Call) -> str:
        return f"{self.operation_shown(obj)} #{obj.pk}"

    def found_as(self, obj: Call) -> Sequence[str]:
        return [f"{self.operation_shown(obj)} #{obj.pk}", obj.target, str(Call.State(obj.state).label)]

    def seen_by(self, reader: Reader) -> Seen:
        return registry.seen_by(reader)

    def waiting(self, request: HttpRequest, obj: Call) -> Waiting:
        return waiting_for(self.operation_shown(obj), obj)

    # --- Confirming

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("operation"), self.operation_shown),
            Column(_("call"), lambda call: linked(call, f"#{call.pk}")),
            self.about_column(request),
            Column(_("tenant"), lambda call: call.tenant or "–"),
            Column(_("state"), self.state_shown),
            Column(_("error code"), lambda call: call.error_code),
        ]

    def waits_since(self, obj: Call) -> datetime | None:
        return obj.created_at if obj.finished_at is None else None

    # --- One call

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> Any:
        if self.is_hidden(request, obj):
            return [(None, {"fields": BARE_FIELDS})]
        return super().get_fieldsets(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Call | None) -> Any:
        return [BareCallAttemptInline] if self.is_hidden(request, obj) else [CallAttemptInline]

    @admin.display(description=_("content"))
    def not_shown(self, call: Call) -> str:
        return gettext("Your role does not include seeing what this call is about.")

    @admin.display(description=_("operation"), ordering="operation")
    def operation_shown(self, call: Call) -> str:
        return registry.label_of(call.operation)

    @admin.display(description=_("what it means"))
    def what_it_means(self, call: Call) -> str:
        return explain(call)

    @admin.display(description=_("what it waits for"), empty_value="–")
    def delay(self, call: Call) -> str:
        return explain_delay(call) or self.get_empty_value_display()

    @admin.display(description=_("belongs to"))
    def causes(self, call: Call) -> str:
        """The rows of the business apps that owe this call, whatever apps there are."""
        rows = [
            row
            for relation in self.opts.related_objects
            if relation.one_to_one and (row := getattr(call, relation.get_accessor_name() or "", None))
        ]
        return format_html_join(", ", "{}", ((linked(row),) for row in rows))

    @admin.display(description=_("replaced by"))
    def superseded_by_shown(self, call: Call) -> str:
        return linked(call.superseded_by)

    @admin.display(description=_("error message"))
    def error_message_shown(self, call: Call) -> str:
        return message_shown(call.error_message)

    @admin.display(description=_("what is sent"))
    def payload_shown(self, call: Call) -> SafeString:
        return pretty_json(call.payload)

    @admin.display(description=_("answer"))
    def answer_shown(self, call: Call) -> str:
        return pretty_json(call.answer) if call.answer is not None else ""


@admin.register(Channel)
class ChannelAdmin(MirrorAdmin):
    help_page = "calls#channels"
    is_exported = False  # it says how things are now
    empty_list = _(
        "When calls of each kind may leave again, if Feishu is at its quota or fails. No call has "
        "been sent yet."
    )
    list_display = (
        "operation_shown",
        "tenant",
        "open_from",
        "closed_by",
        "failures",
        "failed_at",
        "served_at",
    )
    list_filter = ("tenant", "closed_by")
    list_select_related = ("tenant",)
    ordering = ("-open_from", "id")
    fields = list_display

    @admin.display(description=_("operation"), ordering="operation")
    def operation_shown(self, channel: Channel) -> str:
        return registry.label_of(channel.operation)
