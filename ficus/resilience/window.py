"""Counts the outcomes of the last ten seconds. Time is given, never read."""

from dataclasses import dataclass
from typing import Final

BUCKETS: Final = 10
BUCKET_SECONDS: Final = 1.0


@dataclass(slots=True)
class Counts:
    calls: int = 0
    failures: int = 0
    slow: int = 0


class Window:
    """
    Ten buckets of one second, and their sum, which is kept as they change: to count a call costs no look at all ten.

    :ivar total: of the last ten seconds, as of the last ``add`` or ``pass_time``.
    """

    __slots__ = ("_bucket", "_buckets", "_epoch", "total")

    def __init__(self) -> None:
        self._buckets = [Counts() for _ in range(BUCKETS)]
        self._bucket = self._buckets[0]
        self._epoch = 0
        self.total = Counts()

    def add(self, now: float, *, failed: bool, slow: bool) -> None:
        if int(now / BUCKET_SECONDS) != self._epoch:
            self.pass_time(now)
        bucket, total = self._bucket, self.total
        bucket.calls += 1
        total.calls += 1
        if failed:
            bucket.failures += 1
            total.failures += 1
        if slow:
            bucket.slow += 1
            total.slow += 1

    def pass_time(self, now: float) -> None:
        """Forget what is older than ten seconds."""
        epoch = int(now / BUCKET_SECONDS)
        total = self.total
        for passed in range(max(self._epoch + 1, epoch - BUCKETS + 1), epoch + 1):
            old = self._buckets[passed % BUCKETS]
            total.calls -= old.calls
            total.failures -= old.failures
            total.slow -= old.slow
            self._buckets[passed % BUCKETS] = Counts()
        self._epoch = epoch
        self._bucket = self._buckets[epoch % BUCKETS]
