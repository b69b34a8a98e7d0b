"""The story of placing an order, across orders and users. What each step does is in services."""

from collections.abc import Sequence
from datetime import timedelta

from apps.orders import services
from contracts.orders.events import OrderCancelled, OrderConfirmed, OrderPlaced, OrderRejected
from contracts.users.events import CreditRefused, CreditReserved
from ficus.configuration import live
from ficus.sagas.saga import CANCELLED, DONE, REFUSED, Saga, Step, Story, causes, together


@together
def confirm_orders(stories: Sequence[Story]) -> None:
    services.confirm_orders(order_ids=[story.key for story in stories], caused_by=causes(stories))


@together
def reject_orders(stories: Sequence[Story]) -> None:
    services.reject_orders(reasons={story.key: story.event.reason for story in stories}, caused_by=causes(stories))


def cancel_order(story: Story) -> None:
    services.cancel_order(order_id=story.key, reason="no_answer_in_time")


def give_up_order(story: Story) -> None:
    services.cancel_order(order_id=story.key, reason="aborted_by_staff")


def release_credit(story: Story) -> None:
    services.release_credit(order_id=story.key, reason="order_no_longer_wants_it")


place_order = Saga(
    "orders.place_order",
    key="order_id",
    begins_with=OrderPlaced,
    steps=[
        # OrderPlaced itself asks users to reserve.
        Step(
            name="reserve credit",
            done_by=CreditReserved,
            refused_by=CreditRefused,
            within=lambda: timedelta(seconds=live.value("orders.deadline_seconds")),
            undo=release_credit,
        ),
    ],
    when_done=confirm_orders,
    when_refused=reject_orders,
    when_late=cancel_order,
    when_aborted=give_up_order,
    ends_with={OrderConfirmed: DONE, OrderRejected: REFUSED, OrderCancelled: CANCELLED},
)
