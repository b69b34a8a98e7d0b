"""How often a service may be asked again: a share of what it is asked anyway, so that retries never become a storm."""

from collections import deque
from time import monotonic

from ficus.resilience.terms import RetryTerms

SECONDS = 10.0
STEP_SECONDS = 1.0
DEFAULT = RetryTerms()


class Budget:
    """
    Retries of one upstream: a tenth of its requests over ten seconds, and three at a time besides (the Google SRE book,
    "Addressing cascading failures"; Envoy's retry budget has the same floor). Threads that share it hold a lock.

    :ivar requests: so far; whoever begins one adds it himself, since a call costs more than an addition.
    :ivar retries: so far.
    :ivar refused: retries that were not made because the budget was spent.
    :ivar under_way: retries begun and not yet ended.
    """

    __slots__ = ("_steps", "_terms", "refused", "requests", "retries", "under_way")

    def __init__(self, terms: RetryTerms = DEFAULT) -> None:
        self._terms = terms
        self.requests = self.retries = self.refused = self.under_way = 0
        self._steps: deque[tuple[float, int, int]] = deque([(float("-inf"), 0, 0)])

    def use(self, terms: RetryTerms) -> None:
        """Go by other terms from now on."""
        self._terms = terms

    def spend(self, now: float | None = None) -> bool:
        """Begin one retry, if it may be made; :meth:`ended` is called when it has its outcome."""
        if self.under_way >= self._terms.always:
            requests, retries = self.recent(monotonic() if now is None else now)
            if retries >= requests * self._terms.share:
                self.refused += 1
                return False
        self.retries += 1
        self.under_way += 1
        return True

    def ended(self) -> None:
        self.under_way -= 1

    def recent(self, now: float) -> tuple[int, int]:
        """Return the requests and the retries of the last ten seconds."""
        self.pass_time(now)
        _, requests, retries = self._steps[0]
        return self.requests - requests, self.retries - retries

    def note(self, at: float) -> None:
        """Note where the counts are, which last changed ``at`` that time; for whoever has no clock that ticks."""
        self._steps.append((at, self.requests, self.retries))

    def pass_time(self, now: float) -> None:
        """Note where the counts are; to be called about once a second, for a count to be forgotten in time."""
        if now - self._steps[-1][0] >= STEP_SECONDS:
            self._steps.append((now, self.requests, self.retries))
        while len(self._steps) > 1 and self._steps[1][0] <= now - SECONDS:
            self._steps.popleft()
