"""What is counted of following the configuration."""

from prometheus_client import Gauge

version = Gauge(
    "ficus_configuration_version",
    "Of the configuration in force, of the worker that is furthest behind",
    multiprocess_mode="livemin",
)
age = Gauge(
    "ficus_configuration_age_seconds",
    "Since the store of the configuration last answered, of the worker that has waited longest",
    multiprocess_mode="livemax",
)
