"""The web server's entry: ``gunicorn hireops.wsgi``."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, cast

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connections
from django.http import HttpRequest, HttpResponse

from hireops import GUNICORN_STOPS_FOR_GOOD, configure, demo, stopping_at_mistakes, tracing
from hireops.web.deliveries import Answer, Delivery
from hireops.web.pools import REPORT_PATHS, WEBHOOK_PATH

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

configure(GUNICORN_STOPS_FOR_GOOD)
tracing.start("web")
pages = get_wsgi_application()
with stopping_at_mistakes(GUNICORN_STOPS_FOR_GOOD):
    demo.refuse_rows_of_another_app()
connections.close_all()  # with --preload this is the process that forks the others

from bindings.reports.views import report  # noqa: E402 - Django has to be ready
from hireops import doorbell  # noqa: E402
from hireops.inbox.views import answer_deliveries, webhook  # noqa: E402

doorbell.load()
answer_webhook = cast("Callable[[HttpRequest], HttpResponse]", convert_exception_to_response(webhook))


class Application:
    """Feishu has no session, language or form: its events go straight to their view (decisions/0012), those
    that our web server has together even without one (decisions/0046); and so does whoever fetches a report
    by a link.
    """

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(REPORT_PATHS):
            return _report(environ, start_response)
        if environ["PATH_INFO"] == WEBHOOK_PATH:
            return _webhook(environ, start_response)
        return pages(environ, start_response)

    def answer_deliveries(self, deliveries: Sequence[Delivery]) -> list[Answer]:
        close_old_connections()
        with tracing.span(f"POST {WEBHOOK_PATH}"):
            return answer_deliveries(deliveries)


application = Application()


def _webhook(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    close_old_connections()
    # Django would try to make sense of it, and of a charset that a stranger has made up.
    with tracing.span(f"POST {WEBHOOK_PATH}"):
        response = answer_webhook(WSGIRequest({**environ, "CONTENT_TYPE": ""}))
    response["Content-Length"] = str(len(response.content))
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]


def _report(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    close_old_connections()
    token = environ["PATH_INFO"].removeprefix(REPORT_PATHS)
    response = report(WSGIRequest({**environ, "CONTENT_TYPE": ""}), token)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return response
