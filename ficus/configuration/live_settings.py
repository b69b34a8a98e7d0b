"""What may change while any process runs."""

from ficus.configuration.kinds import Choice, Number
from ficus.configuration.settings import Setting

SETTINGS = [
    Setting(
        "log.level",
        Choice(("DEBUG", "INFO", "WARNING", "ERROR")),
        "INFO",
        "the least of what every process logs",
        "LOG_LEVEL",
    ),
    Setting(
        "tracing.sampled_share",
        Number(0, 1),
        1.0,
        "share of the traces that begin in these processes that is kept, 0 to 1",
        "OTEL_TRACES_SAMPLER_ARG",
    ),
]
