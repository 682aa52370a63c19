"""The admin site: its names, its home page and the order of its menu."""

from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops import VERSION
from hireops.desk import finding, health, searching
from hireops.desk.finding import FindableAdmin
from hireops.desk.help import help_page_of
from hireops.desk.home import home_of
from hireops.desk.lists import ONLY_BY_IDS
from hireops.desk.masking import may_see_personal_data


class Desk(AdminSite):
    site_title = "hireops"
    site_header = "hireops"
    index_title = _("Home")
    site_url = None
    empty_value_display = "–"
    password_change_form: type[PasswordChangeForm] = AdminPasswordChangeForm

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """As Django's, but what no database can look for is refused before it is looked for."""

        @wraps(view)
        def without_nul(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if any("\0" in value for values in request.GET.lists() for value in (values[0], *values[1])):
                raise BadRequest("NUL in the query string")
            return view(request, *args, **kwargs)

        return super().admin_view(without_nul, cacheable)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [
            path("health/", self.admin_view(self.health_view), name="health"),
            path("find/", self.admin_view(self.find_view), name="find"),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        can_find = bool(context["has_permission"] and self._kinds_to_find(request))
        # As the session's query has found it.
        restored = getattr(getattr(request.session, "row", None), "restoration", None)
        return context | {
            "can_find": can_find,
            "restored": restored if context["has_permission"] else None,
            "help_page": help_page_of(request),
            "version": VERSION,
        }

    def health_view(self, request: HttpRequest) -> TemplateResponse:
        """How hireops is: what came, what failed, what has stopped."""
        if not request.user.has_perm(health.PERMISSION):
            raise PermissionDenied
        context = {**self.each_context(request), "title": _("Health"), "sections": health.sections()}
        return TemplateResponse(request, "admin/health.html", context)

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Takes what was typed into the header of any page; shows what it finds, or leads to the only row."""
        kinds = self._kinds_to_find(request)
        if request.method == "POST":
            return self._go_to_what_is_found(request, kinds)
        term = self._typed(request)
        context = {
            **self.each_context(request),
            "title": _("Search"),
            "find_term": term,
            "found": finding.find(request, kinds, term),
            "only_by_ids": "" if may_see_personal_data(request.user) else ONLY_BY_IDS,
            "kinds": [(kind.opts.verbose_name_plural, kind.found_by_words) for kind in kinds],
        }
        return TemplateResponse(request, "admin/find.html", context)

    def _go_to_what_is_found(self, request: HttpRequest, kinds: list[FindableAdmin]) -> HttpResponse:
        page, term = reverse(f"{self.name}:find"), finding.plain(request.POST.get(SEARCH_VAR, ""))
        if not term:
            return HttpResponseRedirect(page)
        if hit := finding.only_hit(finding.find(request, kinds, term)):
            return HttpResponseRedirect(hit.url)
        asked = urlencode({SEARCH_VAR: searching.in_address(term, request.user)})
        return HttpResponseRedirect(f"{page}?{asked}")

    def _typed(self, request: HttpRequest) -> str:
        if not searching.was_typed(request):
            return ""
        try:
            return searching.term_of(request)
        except searching.UnreadableSearchError:
            messages.warning(request, gettext("This search is over. Type what you are looking for again."))
            return ""

    def _kinds_to_find(self, request: HttpRequest) -> list[FindableAdmin]:
        order = _order_of_apps()
        admins = sorted(self._registry.values(), key=lambda each: order[each.opts.app_label])
        return finding.kinds_for(request, admins)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show Django's page with ``password_change_form``, which Django itself reads from release 6.0 on."""
        view = PasswordChangeView.as_view(
            form_class=self.password_change_form,
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)  # type: ignore[return-value]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**home_of(request.user), **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Business first and plumbing last; within an app the order in which its ``admin.py`` registers."""
        order = _order_of_apps()
        found = self._build_app_dict(request, app_label)
        return sorted(found.values(), key=lambda app: order[app["app_label"]])


def _order_of_apps() -> dict[str, int]:
    """``INSTALLED_APPS`` runs from the bottom of the house to its top, so the menu is its reverse."""
    return {config.label: -place for place, config in enumerate(apps.get_app_configs())}
