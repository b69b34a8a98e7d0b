"""The ``requests`` session against a real service, on terms that fail no test on a busy machine."""

from collections.abc import Callable

import pytest

from ficus.resilience.breaker import State
from ficus.resilience.registry import guard_of

LONG = {
    "timeout": {"call_seconds": 30, "try_seconds": 30, "connect_seconds": 30},
    "breaker": {"open_seconds": 600, "longest_open_seconds": 600},
}


@pytest.fixture(autouse=True)
def _patient(policy: Callable[..., None]) -> None:
    """A machine that is busy must fail no test: whatever is to be late says so itself."""
    policy(**LONG)


@pytest.fixture
def nobody() -> str:
    """The address of a port at which nobody listens."""
    return "http://127.0.0.1:1"


def breaker_state(url: str) -> State:
    return guard_of(url).breaker.state
