"""Publishes what the guards of services have done: refusals, retries, ejections, and how their breakers stand."""

from collections.abc import Iterator, Mapping

from prometheus_client import Counter, Gauge

from ficus.resilience.breaker import State
from gateway.data.upstream.upstream import Upstream

UPSTREAMS_AT_ONCE = 10

refusals = Counter(
    "gateway_refusals_total",
    "Requests refused with 503 before a service was asked: by a worker, by its places for the service, by its breaker",
    ["upstream", "reason"],
)
retries = Counter(
    "gateway_retries_total", "Requests sent again; refused: not sent, as the budget was spent", ["upstream", "outcome"]
)
ejections = Counter("gateway_ejections_total", "Instances left alone for a while after failures in a row", ["upstream"])
panics = Counter("gateway_panics_total", "Times that health was ignored, as too few instances had it", ["upstream"])
breaker_transitions = Counter(
    "gateway_breaker_transitions_total", "Times that a breaker came into a state", ["upstream", "state"]
)
breaker_state = Gauge(
    "gateway_breaker_state",
    "Workers whose breaker is in that state",
    ["upstream", "state"],
    multiprocess_mode="livesum",
)

_COUNTERS = {"refusal": refusals, "retry": retries, "transition": breaker_transitions}
_PLAIN = {"ejection": ejections, "panic": panics}
_shown: dict[str, State] = {}


def publishing(upstreams: Mapping[str, Upstream]) -> Iterator[None]:
    """Add what has happened since the last time, and pause after every few services."""
    for number, (name, upstream) in enumerate(upstreams.items(), 1):
        _show(name, upstream.guard.breaker.state)
        for (what, how), times in upstream.guard.take().items():
            counter = _COUNTERS[what].labels(name, how) if how else _PLAIN[what].labels(name)
            counter.inc(times)
        if number % UPSTREAMS_AT_ONCE == 0:
            yield
    for name in _shown.keys() - upstreams.keys():
        breaker_state.labels(name, _shown.pop(name).value).set(0)


def _show(name: str, state: State) -> None:
    before = _shown.get(name)
    if before is state:
        return
    if before is not None:
        breaker_state.labels(name, before.value).set(0)
    breaker_state.labels(name, state.value).set(1)
    _shown[name] = state
