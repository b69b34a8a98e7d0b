"""Sets up OpenTelemetry: what is sampled, what is instrumented, and a bounded export that never holds up a request."""

import logging
import os
import socket
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from ficus import service

QUEUE_SPANS = 4096
BATCH_SPANS = 512
BATCH_DELAY_MS = 1000
EXPORT_TIMEOUT_SECONDS = 3
# What other processes ask again and again, for nobody.
NOT_TRACED = "livez,readyz,metrics,revocations[.]json"


class Roots(Sampler):
    """
    Decides about a trace at its first span: a share of those that begin with work for somebody, none of the others.

    A query or a broker command without a parent is a loop looking for work; there are many each second.
    """

    def __init__(self, share: float) -> None:
        self.use(share)

    def use(self, share: float) -> None:
        """Keep another share of the traces that begin from now on."""
        self._share = TraceIdRatioBased(share)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        if kind in (SpanKind.CLIENT, SpanKind.INTERNAL, None):
            return SamplingResult(Decision.DROP)
        return self._share.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"Roots({self._share.get_description()})"


class OncePerMinute(logging.Filter):
    """Lets one record through a minute: a collector that is gone would otherwise fill the log."""

    def __init__(self) -> None:
        super().__init__()
        self._silent_until = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created < self._silent_until:
            return False
        self._silent_until = record.created + 60
        return True


_batches: BatchSpanProcessor | None = None
_roots = Roots(1.0)


def export() -> None:
    """Trace this process and send its spans to ``OTEL_EXPORTER_OTLP_ENDPOINT`` over OTLP/HTTP."""
    global _batches
    logging.getLogger(OTLPSpanExporter.__module__).addFilter(OncePerMinute())
    _batches = BatchSpanProcessor(
        OTLPSpanExporter(timeout=EXPORT_TIMEOUT_SECONDS),
        max_queue_size=QUEUE_SPANS,
        max_export_batch_size=BATCH_SPANS,
        schedule_delay_millis=BATCH_DELAY_MS,
    )
    _roots.use(_share())
    provider = TracerProvider(resource=resource(), sampler=ParentBased(_roots))
    provider.add_span_processor(_batches)
    trace.set_tracer_provider(provider)
    instrument()


def sample(share: float) -> None:
    """Keep that share, 0 to 1, of the traces that begin here from now on."""
    _roots.use(share)


def export_finished(
    name: str, traceparent: str, caller_traceparent: str, seconds: float, attributes: dict[str, Any]
) -> None:
    """Export a server's span that was made without the SDK as one that has just ended."""
    context = _context_of(traceparent)
    if _batches is None or context is None:
        return
    caller = _context_of(caller_traceparent)
    continues = caller is not None and caller.trace_id == context.trace_id
    now = time.time_ns()
    _batches.on_end(
        ReadableSpan(
            name=name,
            context=context,
            resource=resource(),
            attributes=attributes,
            parent=caller if continues else None,
            links=[Link(caller)] if caller and not continues else [],
            kind=SpanKind.SERVER,
            start_time=now - int(seconds * 1e9),
            end_time=now,
        )
    )


def _context_of(traceparent: str) -> SpanContext | None:
    """Return what a ``traceparent`` names, if it is one."""
    carrier = TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())
    found = trace.get_current_span(carrier).get_span_context()
    return found if found.is_valid else None


@lru_cache(maxsize=1)
def resource() -> Resource:
    return Resource.create(
        {
            "service.name": os.environ.get("OTEL_SERVICE_NAME") or service.name(),
            "service.namespace": "ficus",
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
    )


def instrument() -> None:
    """Make spans of requests, calls, tasks, queries and Redis commands."""
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.grpc import GrpcInstrumentorClient, GrpcInstrumentorServer
    from opentelemetry.instrumentation.grpc.filters import health_check, negate
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor

    DjangoInstrumentor().instrument(excluded_urls=NOT_TRACED)
    GrpcInstrumentorServer(filter_=negate(health_check())).instrument()  # type: ignore[no-untyped-call]
    GrpcInstrumentorClient(filter_=negate(health_check())).instrument()  # type: ignore[no-untyped-call]
    for instrumentor in (
        CeleryInstrumentor,
        RequestsInstrumentor,
        PsycopgInstrumentor,
        SQLite3Instrumentor,
        RedisInstrumentor,
    ):
        instrumentor().instrument()


def _share() -> float:
    """Return the share of new traces to keep, 0 to 1: ``OTEL_TRACES_SAMPLER_ARG``, by default all."""
    try:
        return min(max(float(os.environ.get("OTEL_TRACES_SAMPLER_ARG") or 1.0), 0.0), 1.0)
    except ValueError:
        return 1.0
