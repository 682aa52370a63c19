"""A collector of OpenTelemetry on this machine, which keeps what processes send it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    def __init__(self, url: str) -> None:
        self.environment = {
            "TRACES": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        self.received: list[bytes] = []

    @property
    def text(self) -> str:
        """All that came, as it came: texts stand in it as they are."""
        return b"\n".join(self.received).decode(errors="replace")

    def spans(self) -> list[tuple[str, Any]]:
        """Each span with the service that sent it."""
        found = []
        for body in self.received:
            for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
                told = {each.key: each.value.string_value for each in sent.resource.attributes}
                found += [(told["service.name"], span) for scope in sent.scope_spans for span in scope.spans]
        return found

    def values_of(self, attribute: str) -> set[str]:
        """Of all spans, as texts."""
        return {
            value
            for _, span in self.spans()
            for each in span.attributes
            if each.key == attribute
            for value in _texts(each.value)
        }


def _texts(value: Any) -> list[str]:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [text for each in value.array_value.values for text in _texts(each)]
    return [str(getattr(value, kind))]


@contextmanager
def collecting() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
