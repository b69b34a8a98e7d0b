"""Publishes, once a second, what a worker has counted: Prometheus adds up the workers, and no request waits for it."""

import asyncio
from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic

from prometheus_client import Counter, Gauge, Histogram

from gateway.data.cache.status import Outcome
from gateway.data.runtime import Gateway
from gateway.data.tally import BOUNDS
from gateway.data.upstream import metrics as guards

PUBLISH_SECONDS = 1.0
SERIES_AT_ONCE = 10


class CountedHistogram(Histogram):
    """A histogram that takes what somebody else has sorted into its buckets."""

    def add(self, counts: Sequence[float], seconds: float) -> None:
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(seconds)


requests = Counter(
    "gateway_requests_total",
    "Requests answered; 499: the client left before that; without a route: refused before one was found",
    ["route", "upstream", "method", "status"],
)
request_seconds = CountedHistogram(
    "gateway_request_seconds",
    "From the head of a request to the end of its answer",
    ["route", "upstream"],
    buckets=BOUNDS,
)
connections = Gauge("gateway_connections", "Clients' connections that are open", multiprocess_mode="livesum")
in_flight = Gauge(
    "gateway_upstream_requests_in_flight",
    "Requests sent to a service and not answered yet",
    ["upstream"],
    multiprocess_mode="livesum",
)
table_version = Gauge(
    "gateway_table_version", "Version of the route table, of the worker furthest behind", multiprocess_mode="livemin"
)
tables_refused = Gauge(
    "gateway_tables_refused", "Workers that cannot use the newest route table", multiprocess_mode="livesum"
)
limited = Counter(
    "gateway_limit_decisions_total",
    "Requests that a limit let through or refused; alone: by a worker that could not ask the others",
    ["route", "limit", "outcome"],
)
revoked = Counter("gateway_revocations_total", "Sessions and people whose tokens were refused from then on")
revocations_age = Gauge(
    "gateway_revocations_age_seconds",
    "Since users last said what is revoked, of the worker that has waited longest",
    multiprocess_mode="livemax",
)
registry_age = Gauge(
    "gateway_registry_age_seconds",
    "Since the registry last said where a service is, of the worker that has waited longest",
    ["upstream"],
    multiprocess_mode="livemax",
)
log_lines_lost = Counter("gateway_log_lines_lost_total", "Lines of the access log that nobody took in time")

cached = Counter("gateway_cache_total", "What became of requests at the cache", ["route", "outcome"])
cached_bytes = Gauge("gateway_cache_bytes", "Kept answers, of all workers together", multiprocess_mode="livesum")
degraded = Counter(
    "gateway_degraded_total", "Answers given instead of a failure: cached, composed or static", ["route", "kind"]
)


def publish_cached(counts: Mapping[tuple[str, str], int], bytes_kept: int) -> None:
    """Add what the cache has counted since the last time, and say how large it is now."""
    for (route, outcome), requests_counted in counts.items():
        cached.labels(route, outcome).inc(requests_counted)
        if outcome == Outcome.ON_ERROR:
            degraded.labels(route, "cached").inc(requests_counted)
    cached_bytes.set(bytes_kept)


async def publish_for_ever(gateway: Gateway) -> None:
    while True:
        for _ in _publishing(gateway):
            await asyncio.sleep(0)  # a series that is new takes long enough to be felt, and a table may have thousands
        await asyncio.sleep(PUBLISH_SECONDS)


def publish(gateway: Gateway) -> None:
    """Add what was counted since the last time, and say how things are now."""
    for _ in _publishing(gateway):
        pass


def _publishing(gateway: Gateway) -> Iterator[None]:
    """Publish, and pause after every few series."""
    yield from guards.publishing(gateway.upstreams)
    counted = gateway.tally.take().items()
    for number, ((route, upstream, method, status), (*counts, seconds)) in enumerate(counted, 1):
        requests.labels(route, upstream, method, str(status)).inc(sum(counts))
        if method:
            request_seconds.labels(route, upstream).add(counts, seconds)
        if number % SERIES_AT_ONCE == 0:
            yield
    for name, found in gateway.upstreams.items():
        in_flight.labels(name).set(sum(instance.outstanding for instance in found.instances))
    connections.set(len(gateway.connections))
    table_version.set(gateway.table.version)
    tables_refused.set(bool(gateway.trouble))
    for (route, limit, outcome), count in gateway.limiter.take_counts().items():
        limited.labels(route, limit, outcome).inc(count)
    given, gateway.degraded = gateway.degraded, Counts()
    for (route, kind), count in given.items():
        degraded.labels(route, kind).inc(count)
    revoked.inc(gateway.tokens.take_revoked())
    revocations_age.set(monotonic() - gateway.tokens.heard_at)
    for name, follower in gateway.followers.items():
        registry_age.labels(name).set(follower.age_seconds)
    if gateway.access_log is not None:
        lost, gateway.access_log.lost = gateway.access_log.lost, 0
        log_lines_lost.inc(lost)
