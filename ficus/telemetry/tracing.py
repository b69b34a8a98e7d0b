"""
The trace of the present work, as the rest of Ficus sees it; ``exporting`` sends it away.

Every function here does nothing, cheaply, while tracing is off.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ficus import context

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

_running = False
# Of a traceparent's flags the lowest bit says that the trace is kept (W3C Trace Context, section 3.2.2.5.1).
_ODD = frozenset("13579bdf")


def start() -> None:
    """
    Begin to trace this process if ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set; repeated calls do nothing.

    Call it before the application is built and after the process has forked.
    """
    global _running
    if _running or not _endpoint():
        return
    from ficus.telemetry.exporting import export

    export()
    _running = True


def _endpoint() -> str:
    """Return where spans go. Settings are read first since ``.env`` may be what names it."""
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        from django.conf import settings

        settings.INSTALLED_APPS  # noqa: B018 - loads them
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ""
    return os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")


def sample(share: float) -> None:
    """Keep that share, 0 to 1, of the traces that begin in this process from now on."""
    if _running:
        from ficus.telemetry.exporting import sample

        sample(share)


def running() -> bool:
    return _running


def current_traceparent() -> str:
    """
    Return the present span as a ``traceparent`` (W3C Trace Context), or an empty string if there is none.

    While tracing is off it is the one that the present work came with: a service without it still passes it on.
    """
    if not _running:
        return context.current().traceparent
    return _traceparent()


def current_ids() -> tuple[str, str]:
    """Return the trace id and the span id of the present work in hexadecimal, or two empty strings."""
    parts = current_traceparent().split("-")
    return (parts[1], parts[2]) if len(parts) == 4 else ("", "")


@contextmanager
def continued(traceparent: str, name: str, **attributes: Any) -> Iterator[None]:
    """
    Do the work of the block as a span of the trace that ``traceparent`` names, linked to the delivery it came with.

    For an event: its own trace goes on, whichever batch or thread carries it. Without a ``traceparent`` the span
    belongs to the present one.
    """
    if not _running:
        yield
        return
    from opentelemetry import trace

    with trace.use_span(_consuming(traceparent, name, attributes), end_on_exit=True):
        yield


@contextmanager
def continued_together(works: Sequence[tuple[str, str, dict[str, Any]]]) -> Iterator[list[str]]:
    """
    Do the works of the block, many at once, each as a span like that of :func:`continued`.

    :param works: of each the ``traceparent``, the name and the attributes.
    :return: the ``traceparent`` that what each of them causes goes on with.
    """
    if not _running:
        yield [traceparent for traceparent, _, _ in works]
        return
    from opentelemetry import trace

    spans = [_consuming(*work) for work in works]
    try:
        yield [_traceparent(trace.set_span_in_context(span)) for span in spans]
    except Exception as error:
        for span in spans:
            span.record_exception(error)
            span.set_status(trace.StatusCode.ERROR, repr(error))
        raise
    finally:
        for span in spans:
            span.end()


def _consuming(traceparent: str, name: str, attributes: dict[str, Any]) -> "Span":
    """Return a new span of the producer's trace, linked to the delivery."""
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    producer = TraceContextTextMapPropagator().extract({"traceparent": traceparent}) if traceparent else None
    delivery = trace.get_current_span().get_span_context()
    cause = trace.get_current_span(producer).get_span_context()
    links = [trace.Link(each) for each in {each.span_id: each for each in (cause, delivery)}.values() if each.is_valid]
    return trace.get_tracer("ficus").start_span(
        name, context=producer, kind=trace.SpanKind.CONSUMER, links=links, attributes=attributes
    )


def _traceparent(context: "Context | None" = None) -> str:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier, context)
    return carrier.get("traceparent", "")


def report(name: str, traceparent: str, *, seconds: float, caller: str = "", **attributes: Any) -> None:
    """
    Export a span of a server that keeps its own ids, once it has ended and taken ``seconds``.

    For a path that must not pay for the SDK on each request: only sampled requests, by the flag in ``traceparent``,
    cost anything here.

    :param caller: the ``traceparent`` that came in: the span's parent if its trace goes on, else what it links to.
    """
    if _running and traceparent[-1:] in _ODD:
        from ficus.telemetry.exporting import export_finished

        export_finished(name, traceparent, caller, seconds, attributes)
