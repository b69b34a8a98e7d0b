"""
How long the relay lingers between batches: the more events come, the longer.

A batch costs the worker a message and a transaction, however many events are in it. Under a load that keeps the machine
busy and no single worker, batches would stay small and that cost would rule. So they grow with the rate at which events
come: at 50 a second and below an event waits as shortly as ever, and from 250 a second on there are 20 batches a second
of however many events.
"""

SHORTEST_SECONDS = 0.010
LONGEST_SECONDS = 0.050
_FULL_RATE = 250.0
# The rate is that of about the last quarter of a second, so that the first events after a rush do not wait as in it.
_MEMORY_SECONDS = 0.25


class Pace:
    """
    Follows the rate at which positions are given.

    :ivar rate: events a second.
    """

    def __init__(self, position: int, *, at: float) -> None:
        """
        :param position: of the last event of the log.
        :param at: the present instant of a monotonic clock, in seconds.
        """
        self.rate = 0.0
        self._position, self._at = position, at

    def linger_seconds(self, position: int, *, at: float) -> float:
        """Return for how long to linger, given how far the log has come."""
        elapsed = at - self._at
        if elapsed > 0:
            weight = min(1.0, elapsed / _MEMORY_SECONDS)
            self.rate += weight * ((position - self._position) / elapsed - self.rate)
            self._position, self._at = position, at
        return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, LONGEST_SECONDS * self.rate / _FULL_RATE))
