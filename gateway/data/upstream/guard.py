"""What protects one upstream and those who ask it, in one worker. A change of the table leaves it as it is."""

import logging
from collections import Counter

from ficus.resilience.breaker import Breaker, State
from ficus.resilience.budget import Budget
from ficus.resilience.bulkhead import Bulkhead

logger = logging.getLogger(__name__)

HOLDS = {"open": State.FORCED_OPEN, "closed": State.FORCED_CLOSED}


class Guard:
    """
    :ivar ejections: how often an instance was left alone after failures.
    :ivar panics: how often health was ignored, since too few instances had it.
    :ivar shed: requests refused since the worker had as much to do as it can.
    :ivar suspended: requests refused by the breaker.
    """

    __slots__ = ("_taken", "breaker", "budget", "bulkhead", "ejections", "panics", "shed", "suspended")

    def __init__(self, name: str) -> None:
        self.breaker = Breaker(name, announce=_log)
        self.budget = Budget()
        self.bulkhead = Bulkhead()
        self.ejections = self.panics = self.shed = self.suspended = 0
        self._taken: Counter[tuple[str, str]] = Counter()

    def hold(self, how: str, reason: str) -> None:
        """Hold the breaker ``open`` or ``closed``; it works by itself again for anything else."""
        self.breaker.force(HOLDS.get(how), reason)

    def take(self) -> Counter[tuple[str, str]]:
        """Return what has happened since the last time: what it was, and how it went."""
        total: Counter[tuple[str, str]] = Counter(
            {
                ("refusal", "overloaded"): self.shed,
                ("refusal", "service_busy"): self.bulkhead.refused,
                ("refusal", "service_suspended"): self.suspended,
                ("retry", "made"): self.budget.retries,
                ("retry", "refused"): self.budget.refused,
                ("ejection", ""): self.ejections,
                ("panic", ""): self.panics,
            }
        )
        for (_, state), times in self.breaker.transitions.items():
            total["transition", state.value] += times
        taken, self._taken = total - self._taken, total
        return taken


def _log(name: str, before: State, after: State, reason: str) -> None:
    logger.warning("breaker of %s: %s -> %s, %s", name, before, after, reason)
