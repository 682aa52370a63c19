"""Pages outside the admin: the language switch, what is said of an error, and what a load balancer asks."""

import sys
from collections.abc import Iterable
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from hireops.database import schema
from hireops.database.errors import DATABASE_AWAY
from hireops.database.query_deadline import query_deadline
from hireops.desk import health, heartbeats, metrics, restoring
from hireops.guards.dialects import LATCH
from hireops.guards.installed import LIFTED, differences, is_lifted

READY_WITHIN_S = 2.0
MEASURED_WITHIN_S = 5.0
REMEMBER_LANGUAGE_S = 365 * 24 * 60 * 60


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remembers ``language`` in a cookie and goes back to ``next``; an unknown language changes nothing.

    With ``again`` the form that was sent goes along (307), so that a page that was posted is shown as it was.
    """
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = reverse("admin:index")
    response = HttpResponseRedirect(back, preserve_request="again" in request.POST)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=REMEMBER_LANGUAGE_S,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """In place of a page that ended with an error: a sentence for staff, which needs no database itself.

    503 if the database is away, too slow, or being updated; then it is nobody's mistake.
    """
    error = sys.exc_info()[1]
    name = "500.html"
    if isinstance(error, DATABASE_AWAY):
        name = "updating.html" if LATCH in str(error) else "database_away.html"
    return HttpResponse(get_template(name).render(), status=500 if name == "500.html" else 503)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers; asks nobody else."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if the database answers within 2 s and has every migration and guard of this code, else 503.

    503 also if a newer release has changed tables so that this code can't use them any more: it is to be
    restarted as that one. What is wrong with a guard is named; so is a trigger that is none of ours, which
    changes nothing either, and what differs because a newer release has migrated already.

    The worker and beat are named too, and that the database was restored; they change nothing: this process
    takes events in all the same.
    """
    try:
        with query_deadline(READY_WITHIN_S):
            applied = set(MigrationRecorder(connection).applied_migrations())
            missing, newer = _newest_migrations() - applied, _ours(applied) - _migrations()
            unusable = list(schema.misfits(connection)) if newer and not missing else []
            guards = [] if missing and not is_lifted(connection) else differences(connection)
            ages = {} if missing else heartbeats.ages()
            restored = not missing and restoring.stands()
    except Error:
        return JsonResponse({"database": "unreachable", "migrations": "unknown"}, status=503)
    answer: dict[str, object] = {"database": "ok", "migrations": "missing" if missing else "ok"}
    if guards or not missing:
        answer["guards"] = [str(each) for each in guards] or "ok"
    if unusable:
        answer["migrations"] = "of a newer release"
        answer["schema"] = unusable
    if restored:
        answer["restored"] = "not released"
    processes = {name: "stopped" if heartbeats.has_stopped(age) else "ok" for name, age in ages.items()}
    # A newer release has guards of its own; while it migrates, its latch concerns this one too.
    count = [each for each in guards if each.is_ours and (str(each) == LIFTED or not newer)]
    return JsonResponse({**answer, **processes}, status=503 if missing or unusable or count else 200)


@require_safe
@never_cache
def prometheus(request: HttpRequest) -> HttpResponse:
    """The figures of the health page, for who knows ``METRICS_TOKEN``; where that is not set, nothing."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(
        request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
    ):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        with translation.override("en"), query_deadline(MEASURED_WITHIN_S):
            text = metrics.written(health.sections())
    except Error:
        return HttpResponse("the database does not answer", status=503, content_type="text/plain")
    return HttpResponse(text, content_type=metrics.CONTENT_TYPE)


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """(app, name) of each app's last migration on disk; they cannot change while the process lives."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _ours(migrations: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    labels = {config.label for config in apps.get_app_configs()}
    return {(app, name) for app, name in migrations if app in labels}
