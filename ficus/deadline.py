"""Until when the present work is wanted: set where a request or call comes in, passed on with each that goes out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# semantics: each hop passes on what remains less 20 ms, and refuses with under 10 ms left.
HOP_SECONDS = 0.020
LEAST_SECONDS = 0.010
LONGEST_SECONDS = 30.0

_ends_at: ContextVar[float | None] = ContextVar("ficus_deadline", default=None)


def remaining() -> float | None:
    """Return the seconds left, negative when it is too late, or None if nobody set a deadline."""
    ends_at = _ends_at.get()
    return None if ends_at is None else ends_at - time.monotonic()


@contextmanager
def entered(seconds: float) -> Iterator[None]:
    """Hold a deadline ``seconds`` from now for the duration of the block; one set outside is lowered, never raised."""
    outer = _ends_at.get()
    ends_at = time.monotonic() + seconds
    token = _ends_at.set(ends_at if outer is None else min(ends_at, outer))
    try:
        yield
    finally:
        _ends_at.reset(token)


def for_next_hop(seconds: float) -> float:
    """
    Return the seconds to allow an outgoing call: ``seconds``, or what remains less one hop if that is sooner.

    A result below ``LEAST_SECONDS`` means that the call is not worth making.
    """
    left = remaining()
    return seconds if left is None else min(seconds, left - HOP_SECONDS)
