"""
A circuit breaker: after too many failures it refuses calls for a while, then lets a few through to see.

States and generations as in https://github.com/sony/gobreaker; ratios over a window as in resilience4j. The lock guards
counting only; it is never held while a call runs.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ficus.resilience.terms import BreakerTerms
from ficus.resilience.window import Window

OPEN_JITTER = 0.2
MOST_DOUBLINGS = 16  # far beyond a minute; without it an outage of a day is more than a float can hold
HEALTHY_AFTER_SECONDS = 60.0
PROBE_GRACE_SECONDS = 1.0
DEFAULT = BreakerTerms()


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    FORCED_OPEN = "forced_open"
    FORCED_CLOSED = "forced_closed"


# Looking a member up in its class costs more than what is decided by it.
_CLOSED: Final = State.CLOSED
_OPEN: Final = State.OPEN
_HALF_OPEN: Final = State.HALF_OPEN
_FORCED_OPEN: Final = State.FORCED_OPEN


class Rejected(Exception):
    """
    The breaker did not admit a call.

    :ivar retry_after: seconds until one may be admitted.
    """

    def __init__(self, name: str, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"{name} is left alone for another {retry_after:.1f} s")


@dataclass(frozen=True, slots=True)
class Look:
    """
    A breaker at one moment, for those who watch it.

    :ivar for_seconds: how long it has been in its state.
    :ivar ends_in_seconds: until time alone ends it; 0 for a state that time does not end.
    :ivar calls: in the window, and of them those that failed and those that were slow.
    """

    state: State
    reason: str
    for_seconds: float
    ends_in_seconds: float
    calls: int
    failures: int
    slow: int


class Permit:
    """
    Leave to make one call. Its outcome is told once; an outcome of an earlier generation changes nothing.

    Without an outcome a probe's place is given away when the call must have ended.
    """

    __slots__ = ("_breaker", "began_at", "generation", "timeout")

    def __init__(self, breaker: "Breaker", generation: int, began_at: float, timeout: float) -> None:
        self._breaker, self.generation, self.began_at, self.timeout = breaker, generation, began_at, timeout

    def succeed(self) -> None:
        self._breaker._settle(self, failed=False)

    def fail(self, *, connecting: bool = False) -> None:
        """Tell that the upstream failed; ``connecting``: before it had seen anything of the call."""
        self._breaker._settle(self, failed=True, connecting=connecting)

    def decline(self) -> None:
        """
        Tell that the upstream is there and blames the caller, as with 404 or 429: it counts in no ratio.

        A probe has succeeded then, though, and a row of connect failures has ended.
        """
        self._breaker._settle(self, failed=False, counts=False)

    def ignore(self) -> None:
        """Tell that the outcome says nothing about the upstream, such as a caller that left."""
        self._breaker._forget(self)


class Breaker:
    """
    The breaker of one upstream in one process. Safe to share between threads.

    :param clock: monotonic seconds.
    :param jitter: a number between 0 and 1 at each call.
    :param announce: is told ``(name, before, after, reason)`` of each transition, with the lock held: be brief.
    :ivar reason: of the last transition; empty if there was none.
    """

    def __init__(
        self,
        name: str,
        terms: BreakerTerms = DEFAULT,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        announce: Callable[[str, State, State, str], None] = lambda *_: None,
    ) -> None:
        self.name = name
        self.transitions: Counter[tuple[State, State]] = Counter()
        self.reason = ""
        self._terms, self._slow_share = terms, terms.slow_share
        self._clock, self._jitter, self._announce = clock, jitter, announce
        self._lock = threading.Lock()
        self._generation = 0
        self._openings = 0
        self._connect_failures = 0
        self._successes = 0
        self._slots: dict[Permit, float] = {}
        self._enter(State.CLOSED, clock())

    @property
    def state(self) -> State:
        with self._lock:
            self._pass_time(self._clock())
            return self._state

    def look(self) -> Look:
        with self._lock:
            now = self._clock()
            self._pass_time(now)
            self._window.pass_time(now)
            counts, lasting = self._window.total, now - self._entered_at
            ends_in = max(self._ends_at - now, 0.0)
            return Look(self._state, self.reason, lasting, ends_in, counts.calls, counts.failures, counts.slow)

    def admit(self, timeout: float) -> Permit:
        """
        Return leave for one call that takes at most ``timeout`` seconds.

        :raises Rejected: at once, if the upstream is left alone.
        """
        now = self._clock()
        if self._state is _CLOSED:  # nothing changes by that, so no lock: what happens meanwhile ends the generation
            return Permit(self, self._generation, now, timeout)
        with self._lock:
            self._pass_time(now)
            permit = Permit(self, self._generation, now, timeout)
            if self._state is _OPEN:
                raise Rejected(self.name, self._ends_at - now)
            if self._state is _FORCED_OPEN:
                raise Rejected(self.name, self._terms.open_seconds)
            if self._state is _HALF_OPEN:
                self._take_slot(permit, now)
            return permit

    def use(self, terms: BreakerTerms) -> None:
        """Go by other terms from now on; an opening that is under way lasts as long as it was to."""
        with self._lock:
            self._terms, self._slow_share = terms, terms.slow_share

    def force(self, state: State | None, reason: str) -> None:
        """Hold the breaker open or closed against all outcomes, as an operator asks; None lets it work again."""
        with self._lock:
            self._move(state or State.CLOSED, self._clock(), reason)

    def _take_slot(self, permit: Permit, now: float) -> None:
        self._slots = {probe: ends_at for probe, ends_at in self._slots.items() if ends_at > now}
        if len(self._slots) >= self._terms.probes:
            raise Rejected(self.name, min(self._slots.values()) - now)
        self._slots[permit] = now + permit.timeout + PROBE_GRACE_SECONDS

    def _settle(self, permit: Permit, *, failed: bool, connecting: bool = False, counts: bool = True) -> None:
        with self._lock:
            now = self._clock()
            if self._state is not _CLOSED:
                self._pass_time(now)
            if permit.generation != self._generation:
                return
            if self._state is _HALF_OPEN:
                self._settle_probe(permit, now, failed)
                return
            self._connect_failures = self._connect_failures + 1 if connecting else 0
            if counts:
                slow = now - permit.began_at > permit.timeout * self._slow_share
                self._window.add(now, failed=failed, slow=slow)
                if self._window.total.failures or self._window.total.slow:
                    self._judge(now)

    def _settle_probe(self, permit: Permit, now: float, failed: bool) -> None:
        if self._slots.pop(permit, 0.0) <= now:
            return
        if failed:
            self._move(State.OPEN, now, "a probe failed")
            return
        self._successes += 1
        if self._successes >= self._terms.successes:
            self._move(State.CLOSED, now, f"{self._successes} probes succeeded")

    def _forget(self, permit: Permit) -> None:
        with self._lock:
            if permit.generation == self._generation:
                self._slots.pop(permit, None)

    def _judge(self, now: float) -> None:
        """Open a closed breaker if the window says so."""
        if self._state is not _CLOSED:
            return
        terms, counts = self._terms, self._window.total
        if self._connect_failures >= terms.connect_failures:
            self._move(State.OPEN, now, f"{self._connect_failures} connect failures in a row")
        elif counts.calls >= terms.calls and counts.failures >= terms.failure_ratio * counts.calls:
            self._move(State.OPEN, now, f"{counts.failures} of {counts.calls} calls failed")
        elif counts.calls >= terms.calls and counts.slow >= terms.slow_ratio * counts.calls:
            self._move(State.OPEN, now, f"{counts.slow} of {counts.calls} calls were slow")

    def _pass_time(self, now: float) -> None:
        """Make the moves that are due because time went by."""
        if self._state is _OPEN and now >= self._ends_at:
            self._move(State.HALF_OPEN, now, "it is time to try again")
        elif self._state is _HALF_OPEN and now >= self._ends_at:
            # With little traffic three probes may never come; those that came decide.
            after = State.CLOSED if self._successes else State.OPEN
            self._move(after, now, f"half open for {self._terms.half_open_seconds:g} s, {self._successes} successes")

    def _move(self, state: State, now: float, reason: str) -> None:
        before = self._state
        if state is State.OPEN:
            if before is State.CLOSED and now - self._entered_at >= HEALTHY_AFTER_SECONDS:
                self._openings = 0
            self._openings += 1
        self.transitions[before, state] += 1
        self.reason = reason
        self._enter(state, now)
        self._announce(self.name, before, state, reason)

    def _enter(self, state: State, now: float) -> None:
        self._state, self._entered_at, self._ends_at = state, now, now
        self._generation += 1
        self._window, self._connect_failures = Window(), 0
        self._slots, self._successes = {}, 0
        if state is State.OPEN:
            self._ends_at = now + self._open_seconds()
        elif state is State.HALF_OPEN:
            self._ends_at = now + self._terms.half_open_seconds

    def _open_seconds(self) -> float:
        doublings = min(self._openings - 1, MOST_DOUBLINGS)
        seconds = min(self._terms.open_seconds * 2.0**doublings, self._terms.longest_open_seconds)
        return seconds * (1 + OPEN_JITTER * (2 * self._jitter() - 1))
