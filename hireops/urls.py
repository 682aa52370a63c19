"""Every address of hireops."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from bindings.reports.views import report
from hireops.desk.views import choose_language, healthz, prometheus, readyz
from hireops.inbox import views as inbox

handler500 = "hireops.desk.views.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/help/", include("hireops.manual.urls")),
    path("admin/", admin.site.urls),
    path("account/messages/", include("hireops.notices.urls")),
    path("account/", include("hireops.people.urls")),
    path("language/", choose_language, name="choose_language"),
    path(inbox.PATH, inbox.webhook, name="webhook"),
    path("reports/<path:token>", report, name="report"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", prometheus, name="metrics"),
]
