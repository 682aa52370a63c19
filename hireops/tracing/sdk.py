"""OpenTelemetry in this process: its instrumentations, and what of theirs may leave.

Where to and how many is said by OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_ENDPOINT``,
``OTEL_TRACES_SAMPLER`` …). What the libraries note is not for us to choose and changes with their releases:
addresses with their queries, IP addresses, browsers, texts of errors. So only what is listed here leaves.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

os.environ.setdefault("OTEL_PYTHON_DJANGO_EXCLUDED_URLS", "healthz,readyz,metrics")  # read when imported

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status

from hireops import VERSION
from hireops.tracing import OURS, Attributes

# Names of methods, routes, tasks and kinds of errors; numbers of answers. By their old and their new names.
THEIRS = frozenset(
    (
        *("http.request.method", "http.method", "http.response.status_code", "http.status_code"),
        *("http.route", "error.type", "exception.type"),
        *("celery.action", "celery.state", "celery.task_name"),
    )
)
MAY_LEAVE = OURS | THEIRS
INSTRUMENTED = {
    "web": (DjangoInstrumentor, RequestsInstrumentor),
    "worker": (CeleryInstrumentor, RequestsInstrumentor),
}
NOBODY_LISTENS_S = 3  # which is how much later a process ends whose collector is away

_tracer = trace.get_tracer("hireops", VERSION)


def start(process: str) -> None:
    os.environ.setdefault("OTEL_SERVICE_NAME", f"hireops-{process}")
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", str(NOBODY_LISTENS_S))
    propagate.set_global_textmap(ToNobody())
    provider = TracerProvider(resource=Resource.create({"service.version": VERSION}))
    provider.add_span_processor(BatchSpanProcessor(OnlyWhatMayLeave(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    for instrumentor in INSTRUMENTED[process]:
        instrumentor().instrument()


def span(name: str, attributes: Attributes | None) -> AbstractContextManager[trace.Span]:
    return _tracer.start_as_current_span(name, attributes=attributes, record_exception=False)


def note(attributes: Attributes) -> None:
    trace.get_current_span().set_attributes(attributes)


class ToNobody(TextMapPropagator):
    """No stranger's trace is continued, and Feishu is told of none of ours."""

    def extract(self, carrier: Any, context: Context | None = None, getter: Any = None) -> Context:
        return Context() if context is None else context

    def inject(self, carrier: Any, context: Context | None = None, setter: Any = None) -> None:
        pass

    @property
    def fields(self) -> set[str]:
        return set()


class OnlyWhatMayLeave(SpanExporter):
    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_what_may_leave(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _what_may_leave(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_allowed(span.attributes),
        events=[Event(each.name, _allowed(each.attributes), each.timestamp) for each in span.events],
        links=[Link(each.context) for each in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _allowed(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if name in MAY_LEAVE}
