"""
What can be said about how a target is called. What is not said is by default, which is semantics sections 1 to 4.

Each value has its range here, where :mod:`ficus.resilience.policies` finds it.
"""

from dataclasses import dataclass, field
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that a value may be."""

    least: float
    most: float


Ratio = Annotated[float, Range(0.01, 1.0)]
Seconds = Annotated[float, Range(0.001, 3600.0)]


@dataclass(frozen=True)
class TimeoutTerms:
    """
    :ivar call_seconds: for all attempts and the pauses between them, where the caller does not say.
    :ivar try_seconds: for one attempt.
    :ivar connect_seconds: of these, until there is a connection.
    """

    call_seconds: Annotated[float, Range(0.01, 30.0)] = 5.0
    try_seconds: Annotated[float, Range(0.01, 30.0)] = 2.0
    connect_seconds: Annotated[float, Range(0.01, 30.0)] = 0.25


@dataclass(frozen=True)
class RetryTerms:
    """
    :ivar attempts: at most, the first among them.
    :ivar first_pause_seconds: longest pause before the second attempt; it doubles before each further one.
    :ivar longest_pause_seconds: where it stops doubling.
    :ivar share: of the target's calls in ten seconds that may be retries.
    :ivar always: retries that may be under way at a time whatever that share is.
    """

    attempts: Annotated[int, Range(1, 5)] = 3
    first_pause_seconds: Seconds = 0.025
    longest_pause_seconds: Seconds = 0.25
    share: Annotated[float, Range(0.0, 1.0)] = 0.1
    always: Annotated[int, Range(0, 1000)] = 3


@dataclass(frozen=True)
class BreakerTerms:
    """
    :ivar calls: in the window, before ratios mean anything.
    :ivar failure_ratio: of them, from which on the breaker opens.
    :ivar slow_ratio: likewise of those that took longer than ``slow_share`` of the time they were given.
    :ivar connect_failures: in a row, after which it opens at once.
    :ivar open_seconds: before it tries again; doubles at each reopening up to ``longest_open_seconds``.
    :ivar probes: calls at a time while it tries.
    :ivar successes: of them that close it.
    :ivar half_open_seconds: after which those that came decide.
    """

    calls: Annotated[int, Range(1, 10_000)] = 20
    failure_ratio: Ratio = 0.5
    slow_ratio: Ratio = 0.8
    slow_share: Ratio = 0.8
    connect_failures: Annotated[int, Range(1, 10_000)] = 5
    open_seconds: Seconds = 5.0
    longest_open_seconds: Seconds = 60.0
    probes: Annotated[int, Range(1, 1000)] = 3
    successes: Annotated[int, Range(1, 1000)] = 3
    half_open_seconds: Seconds = 15.0


@dataclass(frozen=True)
class BulkheadTerms:
    """
    :ivar in_flight: calls at a time.
    :ivar waiting: calls that may wait for their turn.
    :ivar wait_seconds: for how long.
    """

    in_flight: Annotated[int, Range(1, 10_000)] = 64
    waiting: Annotated[int, Range(0, 10_000)] = 32
    wait_seconds: Annotated[float, Range(0.0, 30.0)] = 0.1


@dataclass(frozen=True)
class Policy:
    """How one target is called."""

    timeout: TimeoutTerms = field(default_factory=TimeoutTerms)
    retry: RetryTerms = field(default_factory=RetryTerms)
    breaker: BreakerTerms = field(default_factory=BreakerTerms)
    bulkhead: BulkheadTerms = field(default_factory=BulkheadTerms)
