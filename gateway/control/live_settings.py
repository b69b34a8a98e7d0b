"""What of the gateway may change while it runs and is not in its table: docs/configuration.md."""

from ficus.configuration.kinds import Number
from ficus.configuration.settings import Setting

SETTINGS = [
    Setting(
        "gateway.in_flight_limit",
        Number(1, 1_000_000, whole=True),
        1024,
        "proxied requests that each worker has under way at a time",
        "GATEWAY_IN_FLIGHT_LIMIT",
    ),
    Setting(
        "gateway.sampled_share",
        Number(0, 1),
        1.0,
        "share of the traces begun by proxied requests that is kept, 0 to 1",
        "TRACE_SAMPLED_SHARE",
    ),
]
