"""What is counted of the calls between services. Breakers, places and retries are counted by ``ficus.resilience``."""

from prometheus_client import Counter

from ficus.errors import Unavailable

fallbacks = Counter(
    "ficus_rpc_fallbacks_total",
    "Calls without an answer whose caller went on with what he had instead, by the failure's code",
    ["target", "method", "reason"],
)


def note_fallback(target: str, path: str, error: Unavailable) -> None:
    fallbacks.labels(target, path, error.code).inc()
