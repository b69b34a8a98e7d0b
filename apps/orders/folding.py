"""What an order is by its events alone: a pure function of them. No database, no clock, no rules of today."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from uuid import UUID

from apps.orders.models import Order
from contracts.orders import events
from ficus.events.recorded import Recorded
from ficus.events.schema import Event

AGGREGATE = events.OrderPlaced.AGGREGATE
STATUS_AFTER: dict[type[Event], Order.Status] = {
    events.OrderPlaced: Order.Status.PENDING,
    events.OrderConfirmed: Order.Status.CONFIRMED,
    events.OrderRejected: Order.Status.REJECTED,
    events.OrderCancelled: Order.Status.CANCELLED,
    events.OrderFulfilled: Order.Status.FULFILLED,
}


class BrokenHistory(ValueError):
    """These events do not tell of one order from its placement on, without a gap."""


@dataclass(frozen=True, slots=True)
class OrderState:
    """An order as it was after its event of that version; amounts in minor units of ``currency``."""

    id: UUID
    customer_id: UUID
    status: str
    reason: str
    currency: str
    total: int
    placed_at: datetime
    lines: tuple[events.Line, ...]
    version: int


def fold(history: Iterable[Recorded]) -> OrderState | None:
    """
    Return the order that these events tell of, or None if there are none.

    What they tell is taken as it is: whether a move was legal was decided when it was made.

    :param history: of one order, oldest first.
    :raises BrokenHistory: if they do not begin with its placement or are not consecutive.
    """
    state = None
    for state in states(history):  # noqa: B007 - the last one is wanted
        pass
    return state


def fold_until(history: Iterable[Recorded], at: datetime) -> OrderState | None:
    """Return the order as it was at that instant, or None if it had not been placed; otherwise like :func:`fold`."""
    return fold(takewhile(lambda recorded: recorded.recorded_at <= at, history))


def states(history: Iterable[Recorded]) -> Iterator[OrderState]:
    """Yield the order as it was after each of its events; otherwise like :func:`fold`."""
    state = None
    for recorded in history:
        state = _after(state, recorded)
        yield state


def _after(state: OrderState | None, recorded: Recorded) -> OrderState:
    event, version = recorded.event(), state.version + 1 if state else 1
    if recorded.aggregate_version != version or (state is None) != isinstance(event, events.OrderPlaced):
        raise BrokenHistory(f"{recorded.type} version {recorded.aggregate_version} cannot be event {version}")
    if isinstance(event, events.OrderPlaced):
        return _placed(event)
    if state is None or type(event) not in STATUS_AFTER:
        raise BrokenHistory(f"{recorded.type} is no event of an order")
    return replace(state, status=STATUS_AFTER[type(event)], reason=getattr(event, "reason", ""), version=version)


def _placed(event: events.OrderPlaced) -> OrderState:
    return OrderState(
        id=event.order_id,
        customer_id=event.customer_id,
        status=STATUS_AFTER[events.OrderPlaced],
        reason="",
        currency=event.currency,
        total=event.total,
        placed_at=event.placed_at,
        lines=tuple(event.lines),
        version=1,
    )
