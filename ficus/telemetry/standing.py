"""
Where a service stands, asked of its database when somebody reads ``/metrics``: what waits, is parked, or is wrong.

Each installed app that has a module ``standing`` is asked; its ``measure()`` returns Prometheus' metrics and may read
the database. What one process has found serves its readers for a while. An app that cannot be asked is left out, and
logged.
"""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from importlib import import_module

from django.apps import apps
from django.db import DatabaseError
from django.utils.module_loading import module_has_submodule
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)

FRESH_SECONDS = 10.0


class Standing(Collector):
    """Keeps what was found for so long that several readers ask the database once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: list[Metric] = []
        self._found_at = float("-inf")

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() - self._found_at > FRESH_SECONDS:
                self._found = list(_measure())
                self._found_at = time.monotonic()
            return self._found


def _measure() -> Iterator[Metric]:
    for config in apps.get_app_configs():
        module = f"{config.name}.standing"
        if module == __name__ or not module_has_submodule(config.module, "standing"):
            continue
        try:
            yield from list(import_module(module).measure())
        except DatabaseError as error:
            logger.warning("%s cannot say where it stands: %s", config.label, error)


standing = Standing()
