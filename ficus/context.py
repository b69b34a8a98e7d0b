"""Who and what the present work is for; set at an interface, written into every event and log line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID


class CauseUnknown(LookupError):
    """Work for many causes at once did not say which of them this piece has."""


@dataclass(frozen=True, slots=True)
class Context:
    """
    The cause of the present work.

    :ivar correlation_id: the same for everything that one outside request led to.
    :ivar causation_id: id of the event being handled, or empty.
    :ivar actor: subject of the token that asked (a user's UUID or a client's id), or empty for the system.
    :ivar traceparent: the trace it came with (W3C Trace Context), kept so that it travels on where no tracing runs.
    """

    correlation_id: str = ""
    causation_id: str = ""
    actor: str = ""
    traceparent: str = ""


# The default is frozen, so sharing it between contexts is safe.
_current: ContextVar[Context] = ContextVar("ficus_context", default=Context())  # noqa: B039
_causes: ContextVar[Mapping[UUID, Context] | None] = ContextVar("ficus_causes", default=None)


def current() -> Context:
    return _current.get()


@contextmanager
def entered(**changes: str) -> Iterator[Context]:
    """Hold the current context with ``changes`` for the duration of the block."""
    token = _current.set(replace(_current.get(), **changes))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def amend(**changes: str) -> None:
    """Change the current context until the block that entered it ends, as when a request's token has been read."""
    _current.set(replace(_current.get(), **changes))


@contextmanager
def together(causes: Mapping[UUID, Context]) -> Iterator[None]:
    """
    Work for many causes at once in the block; each piece of the work says which one is its own.

    :param causes: by the id of the event that is the cause.
    """
    token = _causes.set(causes)
    try:
        yield
    finally:
        _causes.reset(token)


def cause(caused_by: UUID | None) -> Context:
    """
    Return the cause of a piece of work: the present context, unless there is work for many causes at once.

    :param caused_by: id of the event that is the cause of this piece.
    :raises CauseUnknown: if there are many, and it is none of them.
    """
    causes = _causes.get()
    if causes is None:
        return _current.get()
    if caused_by is None or caused_by not in causes:
        raise CauseUnknown(f"{caused_by} is none of the {len(causes)} events that are handled together")
    return causes[caused_by]


@contextmanager
def alone(caused_by: UUID | None) -> Iterator[None]:
    """
    Do a piece of the work for many causes on behalf of its own alone; without many causes this changes nothing.

    :raises CauseUnknown: as :func:`cause` does.
    """
    tokens = _current.set(cause(caused_by)), _causes.set(None)
    try:
        yield
    finally:
        _current.reset(tokens[0])
        _causes.reset(tokens[1])


def is_together() -> bool:
    """Return whether the present work has many causes."""
    return _causes.get() is not None
