"""Counts requests in this worker's own memory, at the price of one look-up; ``metrics`` publishes what was counted."""

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.data.message.request import Request

# Upper bounds of the histogram's buckets, in seconds; a last one takes what is beyond.
BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_EMPTY = (*([0] * (len(BOUNDS) + 1)), 0.0)

# Names of route and upstream, method, status. All are of few: no path, and nothing that a client chose.
Key = tuple[str, str, str, int]
_Raw = tuple[str, str, bytes, int]  # the same, with the method as it is on the wire


class Tally:
    """What was answered since the last time somebody took it: for each key the buckets, and all seconds together."""

    __slots__ = ("_counted",)

    def __init__(self) -> None:
        self._counted: dict[_Raw, list[float]] = {}

    def add(self, request: "Request", status: int, seconds: float) -> None:
        route, upstream = request.route, request.upstream
        key = (route.name if route else "", upstream.name if upstream else "", request.method, status)
        self._count(key, seconds)

    def add_unread(self, status: int) -> None:
        """Count what was refused before it was a request."""
        self._count(("", "", b"", status), 0.0)

    def take(self) -> dict[Key, list[float]]:
        """Return what has been counted, and begin anew."""
        counted, self._counted = self._counted, {}
        return {
            (route, upstream, method.decode(), status): counts
            for (route, upstream, method, status), counts in counted.items()
        }

    def _count(self, key: _Raw, seconds: float) -> None:
        counts = self._counted.get(key)
        if counts is None:
            counts = self._counted[key] = list(_EMPTY)
        counts[bisect_left(BOUNDS, seconds)] += 1
        counts[-1] += seconds
