"""What ficus announces in the scratch project."""

from uuid import UUID

from ficus.events.schema import Event, event


@event("shop.sold", version=1, aggregate="sale", key="sale_id")
class Sold(Event, frozen=True, kw_only=True):
    sale_id: UUID
    number: int
    sku: str
    quantity: int


@event("orders.placed", version=1, aggregate="order", key="order_id")
class Placed(Event, frozen=True, kw_only=True):
    order_id: UUID
    amount: int


@event("users.reserved", version=1, aggregate="hold", key="order_id")
class Reserved(Event, frozen=True, kw_only=True):
    order_id: UUID


@event("users.refused", version=1, aggregate="hold", key="order_id")
class Refused(Event, frozen=True, kw_only=True):
    order_id: UUID


@event("orders.confirmed", version=1, aggregate="order", key="order_id")
class Confirmed(Event, frozen=True, kw_only=True):
    order_id: UUID
