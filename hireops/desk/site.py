"""The admin site: its names, its home page and the order of its menu."""

from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

from hireops.desk import health
from hireops.desk.home import home_of


class Desk(AdminSite):
    site_title = "hireops"
    site_header = "hireops"
    index_title = _("Home")
    site_url = None
    empty_value_display = "–"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """As Django's, but what no database can look for is refused before it is looked for."""

        @wraps(view)
        def without_nul(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if any("\0" in value for values in request.GET.lists() for value in (values[0], *values[1])):
                raise BadRequest("NUL in the query string")
            return view(request, *args, **kwargs)

        return super().admin_view(without_nul, cacheable)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [path("health/", self.admin_view(self.health_view), name="health"), *super().get_urls()]

    def health_view(self, request: HttpRequest) -> TemplateResponse:
        """How hireops is: what came, what failed, what has stopped."""
        if not request.user.has_perm(health.PERMISSION):
            raise PermissionDenied
        context = {**self.each_context(request), "title": _("Health"), "sections": health.sections()}
        return TemplateResponse(request, "admin/health.html", context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**home_of(request.user), **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Business first and plumbing last; within an app the order in which its ``admin.py`` registers.

        ``INSTALLED_APPS`` runs from the bottom of the house to its top, so the menu is its reverse.
        """
        order = {config.label: place for place, config in enumerate(apps.get_app_configs())}
        found = self._build_app_dict(request, app_label)
        return sorted(found.values(), key=lambda app: -order[app["app_label"]])
