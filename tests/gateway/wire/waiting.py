"""Waits for what a running gateway does in its own time: by condition, with more patience than a busy machine needs."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

PATIENCE_SECONDS = 60.0
Found = TypeVar("Found")


def until(look: Callable[[], Found], accept: Callable[[Found], Any] = bool, *, what: str = "it did not come") -> Found:
    """
    Look until what is seen is acceptable, and return it; fail if it never is.

    :param what: what is waited for, to be named in the failure.
    """
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not accept(found := look()):
        assert time.monotonic() < ends_at, f"{what}: {found!r} after {PATIENCE_SECONDS:.0f} s"
        time.sleep(0.02)
    return found
