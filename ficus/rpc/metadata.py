"""What travels beside a request: what it is made for. Identity does not; a caller states it in messages."""

from collections.abc import Iterable

from ficus import context
from ficus.telemetry import tracing

CORRELATION = "x-correlation-id"
CAUSATION = "x-causation-id"
TRACE = "traceparent"


def outgoing() -> tuple[tuple[str, str], ...]:
    here = context.current()
    # Where tracing runs, its own instrumentation names the present span.
    trace = "" if tracing.running() else here.traceparent
    pairs = ((CORRELATION, here.correlation_id), (CAUSATION, here.causation_id), (TRACE, trace))
    return tuple((name, value) for name, value in pairs if value)


def incoming(pairs: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str]:
    """Return the context's fields that a call's metadata carry, for ``context.entered``."""
    fields = {CORRELATION: "correlation_id", CAUSATION: "causation_id", TRACE: "traceparent"}
    return {fields[name]: str(value)[:200] for name, value in pairs or () if name in fields}
