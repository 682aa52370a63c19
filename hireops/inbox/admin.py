"""What staff see of the events from Feishu."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin, linked, pretty_json, staff_action, state_badge
from hireops.desk.inlines import MirrorInline
from hireops.desk.masking import may_see_personal_data
from hireops.doorbell import ring
from hireops.feishu.strict_json import blanked
from hireops.inbox import services, tasks
from hireops.inbox.models import Attempt, Conflict, Event
from hireops.inbox.registry import changed_by, labels

RAW_BYTES_SHOWN = 2000
EVENT_FIELDS = (
    "what",
    "event_type",
    "event_id",
    "state_shown",
    "what_it_means",
    "tenant_key",
    "app_id",
    "created_at",
    "received_at",
    "handled_at",
    "changed",
    "not_before",
    "tries",
)


@staff_action(
    permission="inbox.replay_event",
    label=_("Replay"),
    confirm=_(
        "These events are handled once more, now. Handling an event twice changes nothing that "
        "it has changed already; the earlier attempts stay on record."
    ),
    offered=lambda event: event.state in services.REPLAYABLE,
)
def replay(request: HttpRequest, event: Event, reason: str) -> None:
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
    services.replay_event(event, by=request.user, reason=reason)
    ring(tasks.drain)


class EventTypeFilter(admin.SimpleListFilter):
    """The types that are handled here; asking the table for all it holds would read all of it."""

    title = _("event type")
    parameter_name = "event_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(labels().items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(event_type=self.value()) if self.value() else queryset


class AttemptInline(MirrorInline):
    model = Attempt
    fields = ("started_at", "finished_at", "outcome_shown", "error")

    @admin.display(description=_("outcome"))
    def outcome_shown(self, attempt: Attempt) -> SafeString:
        return state_badge(attempt.outcome or "running", attempt.get_outcome_display() or _("Running"))


class ConflictInline(MirrorInline):
    model = Conflict
    fields = ("received_at", "content")

    @admin.display(description=_("content"))
    def content(self, conflict: Conflict) -> SafeString:
        return pretty_json(conflict.payload)


@admin.register(Event)
class EventAdmin(MirrorAdmin):
    list_display = ("what", "state_shown", "received_at", "tenant_key", "tries", "reason_shown", "event_id")
    list_filter = ("state", EventTypeFilter, ("received_at", admin.DateFieldListFilter))
    exact_search_fields = ("event_id", "event_type")
    search_help_text = _("Event ID or event type, in full")
    ordering = ("-id",)
    staff_actions = [replay]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("raw", "payload")

    def get_inlines(self, request: HttpRequest, obj: Event | None) -> Any:
        in_conflict = obj is not None and obj.conflicts.exists()
        return [AttemptInline, ConflictInline] if in_conflict else [AttemptInline]

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        content = ("content",)
        if may_see_personal_data(request.user):
            unreadable = obj is not None and obj.state == Event.State.UNREADABLE
            content = ("raw_bytes",) if unreadable else ("content_in_full",)
        return [(None, {"fields": EVENT_FIELDS}), (_("Content"), {"fields": content})]

    @admin.display(description=_("event"), ordering="event_type")
    def what(self, event: Event) -> str:
        return labels().get(event.event_type) or event.event_type or gettext("Unreadable")

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, event: Event) -> SafeString:
        return state_badge(event.state, event.get_state_display())

    @admin.display(description=_("reason"))
    def reason_shown(self, event: Event) -> str:
        return gettext(event.reason) if event.reason else ""

    @admin.display(description=_("what it means"))
    def what_it_means(self, event: Event) -> str:
        return services.explain(event)

    @admin.display(description=_("content"))
    def content(self, event: Event) -> SafeString:
        return pretty_json(event.payload)

    @admin.display(description=_("content"))
    def content_in_full(self, event: Event) -> SafeString:
        return pretty_json(event.payload, reveal=True)

    @admin.display(description=_("raw bytes"))
    def raw_bytes(self, event: Event) -> SafeString:
        text = bytes(event.raw).decode("utf-8", "backslashreplace")
        shown = blanked(text, settings.FEISHU_VERIFICATION_TOKEN)[:RAW_BYTES_SHOWN]
        return format_html('<pre class="json">{}</pre>', shown)

    @admin.display(description=_("what it changed"))
    def changed(self, event: Event) -> SafeString:
        return format_html_join(" · ", "{}", ((linked(row),) for row in changed_by(event)))
