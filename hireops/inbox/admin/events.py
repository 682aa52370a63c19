"""Events: their list, and the page of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Model, Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.actions import StaffAction
from hireops.desk.admin import ConfidentialAdmin, staff_page
from hireops.desk.confirming import Column, linked_shortly
from hireops.desk.display import linked, pretty_json, state_badge
from hireops.desk.errors import Refused
from hireops.desk.exporting import Exported
from hireops.desk.inlines import MirrorInline
from hireops.desk.ownership import Seen
from hireops.desk.paging import OrderedPaginator
from hireops.desk.revealing import VIEW
from hireops.desk.staff import Reader, staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.encryption import decrypt_bytes
from hireops.feishu.models import Tenant
from hireops.feishu.strict_json import blanked
from hireops.inbox import registry, services
from hireops.inbox.admin.actions import REPLAY, replay, set_aside
from hireops.inbox.admin.forms import ReplayFailedForm
from hireops.inbox.filters import (
    BeforeFilter,
    DayFilter,
    EventChangeList,
    StateFilter,
    TenantFilter,
    TypeFilter,
)
from hireops.inbox.intake import verification_tokens
from hireops.inbox.models import Attempt, Conflict, Event, EventContent
from hireops.inbox.registry import labels
from hireops.jobs.tasks import work

RAW_BYTES_SHOWN = 2000
EVENT_FIELDS = (
    "what",
    "what_it_says",
    "event_type",
    "event_id",
    "subject",
    "state_shown",
    "what_it_means",
    "tenant_shown",
    "app_id",
    "created_at",
    "received_at",
    "handled_at",
    "changed",
    "followed",
    "not_before",
    "tries",
)
# What those do not see who may not see what the event says.
HIDDEN_FIELDS = {"what_it_says", "subject", "changed", "followed"}


class EventAttemptInline(MirrorInline):
    model = Attempt
    fields = ("started_at", "finished_at", "outcome_shown", "error_shown")

    @admin.display(description=_("outcome"))
    def outcome_shown(self, attempt: Attempt) -> SafeString:
        return state_badge(Attempt.Outcome(attempt.outcome))

    @admin.display(description=_("error"))
    def error_shown(self, attempt: Attempt) -> str:
        """A sentence that is kept in English, or where in the code it happened."""
        return gettext(attempt.error) if attempt.error else ""


class ConflictInline(MirrorInline):
    model = Conflict
    fields = ("received_at", "content")

    @admin.display(description=_("content"))
    def content(self, conflict: Conflict) -> SafeString:
        return pretty_json(conflict.payload)


@admin.register(Event)
class EventAdmin(ConfidentialAdmin):
    help_page = "events"
    empty_list = _(
        "Everything that Feishu sends. If nothing arrives, look at the request URL under “Events & "
        "callbacks” in Feishu's developer console."
    )
    ids = ["what_and_which", "subject", "tenant_key"]
    list_display = ("what_and_which", "state_shown", "reason_shown", "received_at", "subject", "tenant_key")
    list_filter = (StateFilter, TypeFilter, TenantFilter, "received_at", DayFilter, BeforeFilter)
    exact_search_fields = ("event_id",)  # what is searched is decided in hireops.inbox.event_queries
    search_help_text = _("Event ID, account ID, event type, or the tenant's name or key, in full")
    found_by = {"event_id": str}
    found_by_words = _("Event ID in full")
    about = "subject"
    kind = "event_type"
    ordering = ("-id",)
    paginator = OrderedPaginator
    staff_actions = [replay, set_aside]
    primary_actions = [replay]
    reveal_permission = VIEW

    # --- The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EventChangeList]:
        return EventChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset, False

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"may_replay": request.user.has_perm(REPLAY)}

    def title_of(self, obj: Event) -> str:
        return f"{self.what(obj)} #{obj.pk}"

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        return {
            "what_and_which": [
                Exported(gettext("event"), self.what),
                Exported(gettext("event ID"), lambda event: event.event_id),
            ]
        }

    def rows_to_export(self, request: HttpRequest, page: Any) -> QuerySet[Event]:
        """Not only what a page would show of events that meet two conditions."""
        return page.whole(request)  # type: ignore[no-any-return]

    def found_as(self, obj: Event) -> Sequence[str]:
        return [self.what(obj), obj.event_id, str(Event.State(obj.state).label)]

    def seen_by(self, reader: Reader) -> Seen:
        return registry.seen_by(reader)

    def waiting(self, request: HttpRequest, obj: Event) -> Waiting:
        state = Event.State(obj.state)
        facts = (obj.tries, obj.not_before, obj.handled_at)
        return Waiting(str(state.label), facts, is_over=state != Event.State.PENDING)

    # --- Confirming

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("event"), self.what),
            Column(_("event ID"), lambda event: linked_shortly(event, event.event_id)),
            self.about_column(request),
            Column(_("state"), self.state_shown),
            Column(_("reason"), self.reason_shown),
        ]

    def fetch_for(self, action: StaffAction, objects: Sequence[Any]) -> None:
        """Whether there is a content, which is not read."""
        prefetch_related_objects(objects, Prefetch("content", EventContent.objects.only("event_id")))

    def waits_since(self, obj: Event) -> datetime | None:
        return obj.received_at if obj.handled_at is None else None

    # --- Replaying what failed

    @staff_page("replay-failed/", name="replay_failed", permission=REPLAY)
    def replay_failed_view(self, request: HttpRequest) -> HttpResponse:
        """Asks since when, then leaves the rest to the worker."""
        form = ReplayFailedForm(request.POST or None, seen=registry.seen_by(request.user))
        if request.method == "POST" and form.is_valid() and self._ask_for_replay(request, form):
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:inbox_replay_changelist"))
        template = "admin/inbox/event/replay_failed.html"
        return self.render_form(request, template, title=_("Replay what failed"), form=form)

    def _ask_for_replay(self, request: HttpRequest, form: ReplayFailedForm) -> bool:
        try:
            services.replay_failed(by=staff(request), **form.cleaned_data)
        except Refused as refusal:
            form.add_error("since", str(refusal))
            return False
        ring(work)
        self.message_user(request, _("The failed events are being replayed; this list says how far it is."))
        return True

    # --- One event

    def get_inlines(self, request: HttpRequest, obj: Event | None) -> Any:
        in_conflict = obj is not None and not self.is_hidden(request, obj) and obj.conflicts.exists()
        return [EventAttemptInline, ConflictInline] if in_conflict else [EventAttemptInline]

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        left_out = HIDDEN_FIELDS if self.is_hidden(request, obj) else ()
        return [
            (None, {"fields": [name for name in EVENT_FIELDS if name not in left_out]}),
            (_("Content"), {"fields": (self._content_field(request, obj),)}),
        ]

    def _content_field(self, request: HttpRequest, event: Event | None) -> str:
        if event is not None and not event.has_content:
            return "removed"
        unreadable = event is not None and event.payload is None
        # Nobody knows whom an unreadable one is about.
        if self.is_hidden(request, event) or (unreadable and not self.seen_by(request.user).is_all):
            return "not_shown"
        if event is None or not self.is_revealed(request, event):
            return "not_readable" if unreadable else "content_masked"
        return "raw_bytes" if unreadable else "content_in_full"

    @admin.display(description=_("event"))
    def what(self, event: Event) -> str:
        return labels().get(event.event_type) or event.event_type or gettext("Unreadable")

    @admin.display(description=_("event"))
    def what_and_which(self, event: Event) -> SafeString:
        return format_html('{}<br><span class="in-small">{}</span>', self.what(event), event.event_id)

    @admin.display(description=_("what it says"))
    def what_it_says(self, event: Event) -> str:
        return registry.in_words(event) or self.get_empty_value_display()

    @admin.display(description=_("tenant"))
    def tenant_shown(self, event: Event) -> str:
        known = Tenant.objects.filter(app_id=event.app_id, tenant_key=event.tenant_key).first()
        return linked(known) if known else event.tenant_key

    @admin.display(description=_("reason"))
    def reason_shown(self, event: Event) -> str:
        """In a few words; the event's page has them all."""
        return event.get_cause_display() or (gettext(event.reason) if event.reason else "")

    @admin.display(description=_("what it means"))
    def what_it_means(self, event: Event) -> str:
        return services.explain(event)

    @admin.display(description=_("content"))
    def content_masked(self, event: Event) -> SafeString:
        return pretty_json(event.payload)

    @admin.display(description=_("content"))
    def content_in_full(self, event: Event) -> SafeString:
        return pretty_json(event.payload, reveal=True)

    def may_reveal(self, request: HttpRequest, obj: Any) -> bool:
        if not obj.has_content or self.is_hidden(request, obj):
            return False
        whose_is_known = obj.payload is not None or self.seen_by(request.user).is_all
        return whose_is_known and super().may_reveal(request, obj)

    @admin.display(description=_("raw bytes"))
    def not_readable(self, event: Event) -> str:
        return gettext("Its bytes may say anything, so they are shown as personal data is.")

    @admin.display(description=_("content"))
    def removed(self, event: Event) -> str:
        days = settings.INBOX_KEEP_DAYS if event.handled_at else settings.INBOX_KEEP_UNHANDLED_DAYS
        return gettext(
            "The raw bytes and the content were removed: they are kept for %(days)d days after the month in "
            "which they came. The event itself stays, so that it is recognised if Feishu sends it again; it "
            "cannot be replayed."
        ) % {"days": days}

    @admin.display(description=_("content"))
    def not_shown(self, event: Event) -> str:
        return gettext("Your role does not include seeing what this event says.")

    @admin.display(description=_("raw bytes"))
    def raw_bytes(self, event: Event) -> str:
        raw = decrypt_bytes(event.content.raw)
        if raw is None:
            return gettext(
                "The key with which they were encrypted is gone. Whoever looks after hireops can name it in "
                "SECRET_KEY_FALLBACKS."
            )
        text = raw.decode("utf-8", "backslashreplace")
        shown = blanked(text, *verification_tokens())[:RAW_BYTES_SHOWN]
        return format_html('<pre class="json" tabindex="0">{}</pre>', shown)

    @admin.display(description=_("what it changed"))
    def changed(self, event: Event) -> str:
        return self._links(registry.changed_by(event))

    @admin.display(description=_("calls that followed"))
    def followed(self, event: Event) -> str:
        return self._links(registry.followed_by(event))

    def _links(self, rows: list[Model]) -> str:
        links = format_html_join(" · ", "{}", ((linked(row),) for row in rows))
        return links or self.get_empty_value_display()
