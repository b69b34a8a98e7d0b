"""
What the orders service announces about orders and products, and the one thing its saga asks of users by message.

Amounts are in minor units of ``currency`` (ISO 4217).
"""

from datetime import datetime
from uuid import UUID

import msgspec

from ficus.events.schema import Event, event


class Line(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: int
    unit_price: int


@event("orders.order_placed", version=1, aggregate="order", key="order_id")
class OrderPlaced(Event, frozen=True, kw_only=True):
    """An order waits for its customer's credit."""

    order_id: UUID
    customer_id: UUID
    currency: str
    total: int
    lines: list[Line]
    placed_at: datetime


@event("orders.order_confirmed", version=1, aggregate="order", key="order_id")
class OrderConfirmed(Event, frozen=True, kw_only=True):
    order_id: UUID
    customer_id: UUID


@event("orders.order_rejected", version=1, aggregate="order", key="order_id")
class OrderRejected(Event, frozen=True, kw_only=True):
    order_id: UUID
    customer_id: UUID
    reason: str


@event("orders.order_cancelled", version=1, aggregate="order", key="order_id")
class OrderCancelled(Event, frozen=True, kw_only=True):
    """Whatever credit is held for the order is no longer needed."""

    order_id: UUID
    customer_id: UUID
    reason: str


@event("orders.order_fulfilled", version=1, aggregate="order", key="order_id")
class OrderFulfilled(Event, frozen=True, kw_only=True):
    """The credit held for the order is due."""

    order_id: UUID
    customer_id: UUID
    currency: str
    total: int


@event("orders.release_credit", version=1, aggregate="credit_release", key="order_id")
class ReleaseCredit(Event, frozen=True, kw_only=True):
    """A command: the saga's compensation when credit was reserved for an order that no longer wants it."""

    order_id: UUID
    customer_id: UUID
    reason: str


@event("orders.product_changed", version=1, aggregate="product", key="product_id")
class ProductChanged(Event, frozen=True, kw_only=True):
    """A product as it is from now on: its price is another, or it is sold again or no more."""

    product_id: UUID
    sku: str
    name: str
    unit_price: int
    currency: str
    is_active: bool
