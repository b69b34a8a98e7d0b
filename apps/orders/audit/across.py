"""Compares each order with what users holds for it, by one pass over both in the order of their ids."""

import time
from collections.abc import Iterator
from uuid import UUID

from apps.orders import clients
from apps.orders.audit import Finding
from apps.orders.clients import Hold
from apps.orders.models import Order

PAUSE_SECONDS = 1.0
BATCH = 2000
STATUS = Order.Status
# What users may have on record for an order of each status once every event has arrived; None is nothing at all.
SETTLED: dict[str, set[str | None]] = {
    STATUS.PENDING: {None, "held", "refused"},
    STATUS.CONFIRMED: {"held"},
    STATUS.FULFILLED: {"captured"},
    STATUS.REJECTED: {"refused"},
    STATUS.CANCELLED: {"released", "refused"},
}


def check_across(*, patience_seconds: float) -> list[Finding]:
    """
    Return what differs between orders and holds.

    Events may be on their way, so what differs counts only when no difference has gone away for ``patience_seconds``.

    :raises Unavailable: if users does not answer.
    """
    lasting = set(_differences())
    gives_up_at = time.monotonic() + patience_seconds
    while lasting and time.monotonic() < gives_up_at:
        time.sleep(PAUSE_SECONDS)
        still = lasting & set(_differences())
        if still != lasting:
            lasting, gives_up_at = still, time.monotonic() + patience_seconds
    return sorted(lasting, key=lambda finding: finding.order_id)


def _differences() -> Iterator[Finding]:
    for order, hold in _side_by_side(_orders(), clients.list_holds()):
        if order is not None:
            yield from _compare(order, hold)
        elif hold is not None:
            yield Finding(hold.order_id, f"users has credit of {hold.amount} {hold.status}, but there is no such order")


def _side_by_side(orders: Iterator[Order], holds: Iterator[Hold]) -> Iterator[tuple[Order | None, Hold | None]]:
    """Yield each order with its hold, and what has no counterpart alone; both come sorted by the order's id."""
    order, hold = next(orders, None), next(holds, None)
    while order or hold:
        first = min(found for found in (order and order.pk, hold and hold.order_id) if found)
        its_order = order if order and order.pk == first else None
        its_hold = hold if hold and hold.order_id == first else None
        yield its_order, its_hold
        order = next(orders, None) if its_order else order
        hold = next(holds, None) if its_hold else hold


def _compare(order: Order, hold: Hold | None) -> Iterator[Finding]:
    status = hold.status if hold else None
    if status not in SETTLED[order.status]:
        yield Finding(order.pk, f"it is {order.status}, and users has its credit {status or 'undecided'}")
    # Users may refuse an order that it never saw, and then knows neither amount nor currency.
    if hold is None or status == "refused":
        return
    if (hold.customer_id, hold.amount, hold.currency) != (order.customer_id, order.total, order.currency):
        yield Finding(
            order.pk,
            f"it is {order.total} {order.currency} of customer {order.customer_id}, "
            f"users has {hold.amount} {hold.currency} of customer {hold.customer_id} {status}",
        )


def _orders() -> Iterator[Order]:
    """Yield every order by id, in queries of their own so that none stays open while users is asked."""
    last = UUID(int=0)
    while batch := list(Order.objects.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield from batch
        last = batch[-1].pk
