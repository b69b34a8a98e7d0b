"""What orders does when users announces something, or orders itself: each event becomes one call."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.orders import figures, folding, queries, sagas, services
from apps.orders.models import Customer, CustomerFigure
from contracts.orders.events import ProductChanged
from contracts.users.events import CreditRefused, CreditReserved, UserProfileChanged, UserRegistered
from ficus.events import log
from ficus.events.consumer import Consumer, Received
from ficus.events.projection import Projection

consumer = Consumer("orders")
customers = Projection("orders.customers", rows=[Customer])
summary = Projection(figures.PROJECTION, rows=[CustomerFigure])


def forget_the_catalogue(changes: Sequence[tuple[ProductChanged, Received]]) -> None:
    """Have the catalogue shown as it is, as soon as that is committed."""
    transaction.on_commit(queries.catalogue.forget, robust=True)


log.observe(ProductChanged, forget_the_catalogue)


@consumer.handles_together(CreditReserved, CreditRefused)
def decide_orders_whose_credit_is_decided(answers: Sequence[tuple[Any, Received]]) -> None:
    sagas.place_order.receive_many(answers, at=timezone.now())


@customers.handles(UserRegistered)
def remember_registered_customer(event: UserRegistered, received: Received) -> None:
    services.remember_customer(customer_id=event.user_id, username=event.username, version=received.aggregate_version)


@customers.handles(UserProfileChanged)
def remember_renamed_customer(event: UserProfileChanged, received: Received) -> None:
    services.remember_customer(customer_id=event.user_id, username=event.username, version=received.aggregate_version)


@summary.handles_together(*folding.STATUS_AFTER)
def tally_orders_that_moved(moves: Sequence[tuple[Any, Received]]) -> None:
    figures.tally(moves)
