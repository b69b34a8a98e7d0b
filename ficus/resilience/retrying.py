"""Which failed calls are made again, and after what pause (semantics, section 2). Calls are made elsewhere."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import random

from ficus.deadline import HOP_SECONDS, LEAST_SECONDS
from ficus.resilience.breaker import Breaker, State
from ficus.resilience.budget import Budget
from ficus.resilience.terms import RetryTerms

KEPT_BODY = 64 * 1024  # bytes
PASSING = frozenset((502, 503, 504))
IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))
WITH_KEY = frozenset(("POST", "PATCH"))
DEFAULT = RetryTerms()

_SECONDS = re.compile("[0-9]{1,9}")


def pause_before_next(
    attempts: int,
    seconds_left: float,
    breaker: Breaker,
    budget: Budget,
    *,
    asked: float = 0.0,
    terms: RetryTerms = DEFAULT,
    now: float | None = None,
) -> float | None:
    """
    Return for how many seconds to wait before the next attempt, or None if there is to be none.

    What it returns is spent of the budget.

    :param attempts: made so far.
    :param seconds_left: until nobody waits for the answer any more.
    :param asked: seconds that the other side asked for.
    :param now: monotonic seconds, if the clock is not the system's.
    """
    if attempts >= terms.attempts:
        return None
    longest = min(terms.first_pause_seconds * 2.0 ** (attempts - 1), terms.longest_pause_seconds)
    # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    pause = max(random() * longest, asked)  # noqa: S311 - no secret
    if seconds_left - pause - HOP_SECONDS < LEAST_SECONDS:
        return None
    if breaker.state in (State.OPEN, State.FORCED_OPEN):
        return None
    return pause if budget.spend(now) else None


def seconds_asked(retry_after: str) -> float:
    """Return the seconds that a ``Retry-After`` asks to wait (RFC 9110, section 10.2.3), 0 if it makes no sense."""
    return float(retry_after) if _SECONDS.fullmatch(retry_after) else _until(retry_after)


def _until(date: str) -> float:
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)
