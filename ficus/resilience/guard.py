"""What protects one target and those who call it, shared by the threads of a process. Calls are made elsewhere."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ficus.resilience import metrics, retrying
from ficus.resilience.breaker import Breaker, Permit, Rejected, State
from ficus.resilience.budget import STEP_SECONDS, Budget
from ficus.resilience.bulkhead import Bulkhead, Full
from ficus.resilience.terms import Policy

logger = logging.getLogger(__name__)


class Guard:
    """
    Breaker, retry budget and bulkhead of one target. No lock is held while a call runs.

    :ivar target: a gRPC upstream's name, or the origin of an address.
    """

    def __init__(self, target: str, policy: Policy, clock: Callable[[], float] = time.monotonic) -> None:
        self.target, self.policy = target, policy
        self.breaker = Breaker(target, policy.breaker, clock=clock, announce=_announce)
        self._clock, self._lock = clock, threading.Lock()
        self._budget = Budget(policy.retry)
        self._bulkhead = Bulkhead(policy.bulkhead.in_flight, policy.bulkhead.waiting)
        self._counted_at = float("-inf")

    def use(self, policy: Policy) -> None:
        """Go by another policy from now on; what is counted, and the breaker's state, stay."""
        self.policy = policy
        self.breaker.use(policy.breaker)
        with self._lock:
            self._budget.use(policy.retry)
            self._bulkhead.resize(policy.bulkhead.in_flight, policy.bulkhead.waiting)

    @contextmanager
    def place(self, seconds: float) -> Iterator[None]:
        """
        Count a call and hold a place for it for the duration of the block, after waiting for one if need be.

        :param seconds: that the caller has to wait for it.
        :raises Full: if there is none.
        """
        self._enter(min(seconds, self.policy.bulkhead.wait_seconds))
        try:
            yield
        finally:
            with self._lock:
                self._bulkhead.leave()

    def admit(self, timeout: float) -> Permit:
        """
        Return the breaker's leave for one attempt of at most ``timeout`` seconds.

        :raises Rejected: at once, if the target is left alone.
        """
        try:
            return self.breaker.admit(timeout)
        except Rejected:
            metrics.refused.labels(self.target, "suspended").inc()
            raise

    def pause_before_next(self, attempts: int, seconds_left: float, asked: float = 0.0) -> float | None:
        """
        Return for how many seconds to wait before the next attempt, or None if there is to be none.

        Whoever makes the attempt calls :meth:`retry_ended` after it.
        """
        with self._lock:
            now = self._pass_time()
            before = self._budget.refused
            pause = retrying.pause_before_next(
                attempts, seconds_left, self.breaker, self._budget, asked=asked, terms=self.policy.retry, now=now
            )
            is_refused = self._budget.refused > before
        if pause is not None or is_refused:
            metrics.retries.labels(self.target, "refused" if is_refused else "made").inc()
        return pause

    def retry_ended(self) -> None:
        with self._lock:
            self._budget.ended()

    def _enter(self, seconds: float) -> None:
        waiter = _Waiter()
        try:
            with self._lock:
                self._pass_time()
                self._budget.requests += 1
                if self._bulkhead.enter(waiter):
                    return
            if waiter.given.wait(seconds):
                return
            with self._lock:
                # It may have been given in the meantime.
                if not waiter.given.is_set():
                    self._bulkhead.give_up(waiter, in_vain=True)
                    raise Full
        except Full:
            metrics.refused.labels(self.target, "busy").inc()
            raise

    def _pass_time(self) -> float:
        """Have the budget note where its counts were when they last changed: no clock ticks here while nobody calls."""
        now = self._clock()
        if now - self._counted_at >= STEP_SECONDS:
            self._budget.note(self._counted_at)
        self._counted_at = now
        self._budget.pass_time(now)
        return now


class _Waiter:
    """A thread that waits for a place."""

    def __init__(self) -> None:
        self.given = threading.Event()

    def place_given(self) -> None:
        self.given.set()


def _announce(name: str, before: State, after: State, reason: str) -> None:
    logger.warning("breaker of %s: %s -> %s, %s", name, before, after, reason)
    metrics.note_transition(name, after)
