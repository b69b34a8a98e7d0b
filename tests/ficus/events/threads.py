"""Several threads that do the same at the same time, each with a database connection of its own."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def in_threads(count: int, work: Callable[[], T]) -> list[T]:
    """Start the work in all threads at once and return the results; one that raises has none."""
    results: list[T] = []
    starting = threading.Barrier(count)

    def run() -> None:
        starting.wait()
        try:
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results
