"""
Takes the place of an OpenTelemetry collector: keeps the spans that processes send, and lets a test look at them.

    with Sink() as sink:
        run(environment={"OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint})
    [trace] = sink.traces().values()
"""

import gzip
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage


@dataclass(frozen=True, slots=True)
class Span:
    """
    One span as it was exported.

    :ivar parent_id: empty for the first span of a trace.
    :ivar kind: such as ``SERVER``, ``CLIENT``, ``CONSUMER``.
    :ivar links: ids of the traces it points to.
    """

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[str, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)


class Sink:
    """A collector on a loopback port that accepts OTLP/HTTP with protobuf."""

    def __init__(self, port: int = 0) -> None:
        self._lock = threading.Lock()
        self._spans: list[Span] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Sink":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def spans(self) -> list[Span]:
        """Return the spans received so far in the order of their arrival."""
        with self._lock:
            return list(self._spans)

    def traces(self) -> dict[str, list[Span]]:
        """Return the spans received so far by the trace they belong to."""
        found: dict[str, list[Span]] = defaultdict(list)
        for span in self.spans():
            found[span.trace_id].append(span)
        return dict(found)

    def receive(self, body: bytes) -> None:
        """Keep the spans of one export request."""
        request = ExportTraceServiceRequest.FromString(body)
        spans = [
            _span(_texts(group.resource.attributes).get("service.name", ""), message)
            for group in request.resource_spans
            for scope in group.scope_spans
            for message in scope.spans
        ]
        with self._lock:
            self._spans += spans

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.receive(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: each export would be a line."""

        return Handler


def _span(service: str, message: SpanMessage) -> Span:
    return Span(
        service=service,
        name=message.name,
        kind=SpanMessage.SpanKind.Name(message.kind).removeprefix("SPAN_KIND_"),
        trace_id=message.trace_id.hex(),
        span_id=message.span_id.hex(),
        parent_id=message.parent_span_id.hex(),
        links=tuple(link.trace_id.hex() for link in message.links),
        attributes=_texts(message.attributes),
    )


def _texts(attributes: Any) -> dict[str, str]:
    """Return attributes as texts, whatever they are."""
    return {each.key: str(getattr(each.value, each.value.WhichOneof("value") or "string_value")) for each in attributes}
