"""Last policy: what is counted and written down of a request once it has been answered."""

from time import monotonic

from ficus.telemetry import tracing
from gateway.data.message.request import Request
from gateway.data.message.trace import is_sampled, traceparent

NOT_TRACED = frozenset((b"/livez", b"/livez/", b"/readyz", b"/readyz/", b"/metrics", b"/metrics/"))


def record(request: Request, status: int, written: int) -> None:
    """
    Call its endings, count the request, write the access log's line, and export the span if the trace is sampled.

    :param status: 499 if the client left before it was answered.
    :param written: bytes sent to the client by the data path; Django's own answers are not counted.
    """
    seconds = monotonic() - request.arrived
    for end in request.endings:
        end()
    if request.watchers:
        for watcher in request.watchers:
            watcher.over()
        request.watchers = ()  # with what they kept; the request itself is remembered for a while
        request.stand_in = None
    gateway = request.gateway
    gateway.recent.append(request)
    gateway.tally.add(request, status, seconds)
    if is_sampled(request):
        export_span(request, status, seconds)
    log = gateway.access_log
    if log is not None:
        log.add(request, status, seconds, written)


def export_span(request: Request, status: int, seconds: float) -> None:
    """Export a sampled request as the span under which the upstream's are; its name has no raw path in it."""
    if not tracing.running() or request.path in NOT_TRACED:
        return
    route, upstream = request.route, request.upstream
    method = request.method.decode()
    tracing.report(
        f"{method} {route.name}" if route else method,
        traceparent(request).decode(),
        seconds=seconds,
        caller=request.caller_trace.decode(),
        **{
            "http.request.method": method,
            "http.response.status_code": status,
            "ficus.route": route.name if route else "",
            "ficus.upstream": upstream.name if upstream else "",
        },
    )
