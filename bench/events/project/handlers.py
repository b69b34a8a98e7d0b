"""What each role of the scratch project does about events when ficus carries them."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from bench.events.project import actions
from bench.events.project.events import Placed, Reserved, Sold
from ficus.events import log
from ficus.events.consumer import Consumer, Received
from ficus.events.log import Fact

if settings.ROLE == "shop":
    stock = Consumer("stock")

    @stock.handles_together(Sold)
    def take_from_stock(sold: Sequence[tuple[Sold, Received]]) -> None:
        actions.take([event for event, _ in sold])


if settings.ROLE == "users":
    users = Consumer("users")

    @users.handles_together(Placed)
    def reserve_when_placed(placed: Sequence[tuple[Placed, Received]]) -> None:
        caused_by = {event.order_id: received.id for event, received in placed}

        def announce(order_ids: Sequence[UUID]) -> None:
            log.append_many(Fact(Reserved(order_id=key), 1, caused_by=caused_by[key]) for key in order_ids)

        actions.reserve({event.order_id: event.amount for event, _ in placed}, announce=announce)


if settings.ROLE == "orders":
    from bench.events.project import sagas

    orders = Consumer("orders")

    @orders.handles_together(Reserved)
    def confirm_when_reserved(answers: Sequence[tuple[Reserved, Received]]) -> None:
        sagas.place_order.receive_many(answers, at=timezone.now())
