"""The pages of sessions: everybody sees and ends the own ones, administrators those of others."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.actions import staff_action
from hireops.desk.admin.base import MirrorAdmin
from hireops.desk.display import badge
from hireops.people import services, sessions
from hireops.people.browsers import browser_in_words
from hireops.people.models import Session

SEE_ALL = "auth.view_user"


@staff_action(
    permission="",
    label=_("End these sessions"),
    confirm=_("These browsers are signed out. Whoever uses them has to sign in again."),
    dangerous=True,
)
def end(session: Session, *, by: User, reason: str) -> None:
    services.end_session(session, by=by, reason=reason)


@admin.register(Session)
class SessionAdmin(MirrorAdmin):
    help_page = "signing-in#sessions"
    is_exported = False  # it is over by tomorrow
    empty_list = _("Browsers that are signed in. Nobody is.")
    list_display_links = None
    fields = ("user", "browser", "address", "started_at", "last_seen_at", "expire_date")
    list_filter = ()
    linked_by = ("user",)
    ordering = ("-last_seen_at",)
    staff_actions = [end]

    def get_list_display(self, request: HttpRequest) -> Any:
        @admin.display(description=_("browser"))
        def browser(session: Session) -> SafeString | str:
            words = browser_in_words(session.user_agent)
            row = getattr(request.session, "row", None)
            is_this = row is not None and row.pk == session.pk
            return format_html("{} {}", words, badge(gettext("this one"), "ok")) if is_this else words

        columns = (browser, "address_shown", "started_at", "last_seen_at", "expire_date")
        return ("user", *columns) if request.user.has_perm(SEE_ALL) else columns

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        everybody = sessions.open_sessions()
        if request.user.has_perm(SEE_ALL):
            return everybody.order_by("-last_seen_at")
        return everybody.filter(user=request.user.pk).order_by("-last_seen_at")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """The menu has it for administrators; for everybody it is at the top of the page."""
        return super().get_model_perms(request) if request.user.has_perm(SEE_ALL) else {}

    @admin.display(description=_("browser"))
    def browser(self, session: Session) -> str:
        return browser_in_words(session.user_agent)

    @admin.display(description=_("address"))
    def address_shown(self, session: Session) -> str:
        return session.address or "–"
