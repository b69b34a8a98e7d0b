"""The present instant of a story. It is the real one, except in a scenario that tells a story at its own pace."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_stopped: ContextVar[datetime | None] = ContextVar("ficus_sagas_clock", default=None)


def now() -> datetime:
    """Return the instant at which stories begin and end at present."""
    return _stopped.get() or timezone.now()


@contextmanager
def stopped(at: datetime) -> Iterator[None]:
    """Let it be ``at`` for the duration of the block."""
    token = _stopped.set(at)
    try:
        yield
    finally:
        _stopped.reset(token)
