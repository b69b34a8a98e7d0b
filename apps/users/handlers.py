"""What users does when orders announces something: each event becomes one call, and a repeat changes nothing."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from apps.users import queries, services
from contracts.orders.events import OrderCancelled, OrderFulfilled, OrderPlaced, ReleaseCredit
from ficus.events.consumer import Consumer, Received

consumer = Consumer("users")


@consumer.locks
def lock_credit_of_their_customers(events: Sequence[tuple[Any, Received]]) -> None:
    queries.lock_credit(customer_ids={event.customer_id for event, _ in events})


@consumer.handles_together(OrderPlaced)
def reserve_credit_when_orders_placed(placed: Sequence[tuple[OrderPlaced, Received]]) -> None:
    reservations = [
        services.Reservation(
            order_id=event.order_id,
            customer_id=event.customer_id,
            currency=event.currency,
            amount=event.total,
            caused_by=received.id,
        )
        for event, received in placed
    ]
    services.reserve_credits(reservations=reservations, at=timezone.now())


@consumer.handles(OrderCancelled)
def release_credit_when_order_cancelled(event: OrderCancelled, received: Received) -> None:
    services.release_credit(order_id=event.order_id, customer_id=event.customer_id, at=timezone.now())


@consumer.handles(ReleaseCredit)
def release_credit_that_came_too_late(event: ReleaseCredit, received: Received) -> None:
    services.release_credit(order_id=event.order_id, customer_id=event.customer_id, at=timezone.now())


@consumer.handles(OrderFulfilled)
def capture_credit_when_order_fulfilled(event: OrderFulfilled, received: Received) -> None:
    services.capture_credit(order_id=event.order_id, customer_id=event.customer_id, at=timezone.now())
