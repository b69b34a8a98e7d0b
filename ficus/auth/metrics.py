"""What is counted of verifying tokens. Imported where it is needed first, by a process that serves."""

from prometheus_client import Gauge

revocations_age = Gauge(
    "revocations_age_seconds",
    "Since the issuer last said what is revoked, of the worker that has waited longest",
    multiprocess_mode="livemax",
)
