"""
The generic cell rate algorithm (ITU-T I.371; "leaky bucket as a meter"), as pure functions of what a key owes.

Each request that is let through adds ``interval`` to the debt, and the debt falls by one microsecond in each. A request
is let through if the debt stays within ``capacity``. All numbers are whole microseconds, so that Python and Lua agree
to the last one.
"""

from collections.abc import Sequence
from typing import NamedTuple

SECOND = 1_000_000


class Rate(NamedTuple):
    """
    What may be spent.

    :ivar interval: microseconds that one request costs.
    :ivar capacity: microseconds that may be owed; as many requests as it has intervals may come at once.
    """

    interval: int
    capacity: int

    def share(self, of: int) -> "Rate":
        """Return the rate of one among so many that know nothing of each other; never less than one request at once."""
        burst = self.capacity // self.interval
        interval = self.interval * of
        return Rate(interval, interval * max(1, burst // of))


def rate(requests: int, seconds: int, burst: int) -> Rate:
    """Return the rate of so many requests in so many seconds; what does not divide is rounded to the slower side."""
    interval = -(-seconds * SECOND // requests)
    return Rate(interval, interval * burst)


def remaining(rate: Rate, debt: int) -> int:
    """Return how many requests may come now."""
    spare = rate.capacity - debt
    return spare // rate.interval if spare > 0 else 0


def until_next(rate: Rate, debt: int) -> int:
    """Return in how many microseconds one more may come than now; 0 if nothing is owed."""
    if not debt:
        return 0
    return (remaining(rate, debt) + 1) * rate.interval - (rate.capacity - debt)


def take(rates: Sequence[Rate], debts: Sequence[int]) -> tuple[bool, list[int]]:
    """
    Let one request through by all rates or by none.

    :return: whether it may come, and what is owed afterwards.
    """
    for rate, debt in zip(rates, debts, strict=True):
        if debt + rate.interval > rate.capacity:
            return False, list(debts)
    return True, [debt + rate.interval for rate, debt in zip(rates, debts, strict=True)]
